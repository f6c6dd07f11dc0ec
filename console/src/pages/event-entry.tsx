import { type ReactNode, useState } from 'react'
import type { JournalEvent } from '#contract/model.ts'
import { TextLink } from '../components/a.tsx'
import { Entry } from '../components/ledger.tsx'
import { paths } from '../paths.ts'

const loud = /\.(failed|held|lost|vanished|refused|unhealthy|exited|orphaned|ejected|suggested|breaker-opened)$|^healing\.stopped$/
const grave = /\.(failed|held|lost|vanished|handed-over)$|^alert\.raised$/

/** One fact of the journal: the sentence, then who did it and what it was about. */
export function EventEntry({ event, when, marked, linked = true }: { event: JournalEvent; when: ReactNode; marked: boolean; /** Off where the page is about the same app already. */ linked?: boolean }) {
  const data = Object.entries(event.data)
  const [open, setOpen] = useState(false)
  const remediation = event.data['remediation']
  return (
    <Entry when={when} id={`event-${event.id}`} tone={marked ? 'bg-accent-wash' : ''}>
      <div className="flex flex-wrap items-baseline gap-x-4">
        <p className={`min-w-0 flex-1 basis-70 ${grave.test(event.kind) ? 'text-red' : loud.test(event.kind) ? 'text-amber' : ''}`}>
          {event.summary}
        </p>
        <p className="text-sm text-soft">
          {data.length === 0 ? (
            <code className="text-xs">{event.kind}</code>
          ) : (
            <button type="button" aria-expanded={open} onClick={() => setOpen(!open)} className="font-mono text-xs underline decoration-dotted underline-offset-3 hover:text-ink">
              {event.kind}
              <span className="sr-only">, details</span>
            </button>
          )}
          {' · '}
          {event.actor.kind === 'loop' || event.actor.kind === 'system' || event.actor.kind === 'agent' ? `by itself (${event.actor.name})` : event.actor.name}
          {!linked || event.app === null || event.kind === 'app.destroyed' ? null : (
            <>
              {' · '}
              <TextLink href={paths.app(event.app, event.environment ?? undefined)}>{event.app}</TextLink>
            </>
          )}
          {!linked || typeof remediation !== 'string' ? null : (
            <>
              {' · '}
              <TextLink href={paths.remediation(remediation)}>what healing did</TextLink>
            </>
          )}
        </p>
      </div>
      {open ? <pre className="mt-1 overflow-x-auto rounded-md bg-well px-3 py-2 text-xs whitespace-pre-wrap">{data.map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`).join('\n')}</pre> : null}
    </Entry>
  )
}
