import { useQuery } from '@tanstack/react-query'
import type { LoopView } from '#contract/loops.ts'
import { Ago } from '../components/ago.tsx'
import { Answer } from '../components/answer.tsx'
import { Section } from '../components/page.tsx'
import { queries } from '../data/queries.ts'
import { formatDuration } from '../lib/numbers.ts'

/** What control's loops did last, and what each waits for: why nothing happens, where it does not. */
export function LoopList() {
  const loops = useQuery(queries.loops())
  return (
    <Section title="Loops" aside="what control does by itself, and waits for" className="mt-(--section)">
      <Answer query={loops} title="The loops could not be read">
        {(list) => (
          <ul className="divide-y divide-rule border-b border-rule">
            {list.map((loop) => (
              <LoopRow key={loop.name} loop={loop} />
            ))}
          </ul>
        )}
      </Answer>
    </Section>
  )
}

function LoopRow({ loop }: { loop: LoopView }) {
  const words = [...loop.errors.map((text) => ({ text, tone: 'text-red' })), ...loop.actions.map((text) => ({ text, tone: '' })), ...loop.waiting.map((text) => ({ text, tone: 'text-soft' }))]
  return (
    <li className="grid gap-x-6 gap-y-1 py-3 text-sm md:grid-cols-[minmax(0,1fr)_minmax(0,2.4fr)]">
      <p>
        <span className="text-base font-medium">{loop.name}</span>{' '}
        <span className="text-soft">
          <Ago at={loop.startedAt} />, took {formatDuration(loop.tookMs)}
        </span>
      </p>
      {words.length === 0 ? (
        <p className="text-soft">nothing to do</p>
      ) : (
        <ul className="min-w-0 space-y-0.5">
          {words.map(({ text, tone }, nth) => (
            <li key={nth} className={`break-words ${tone}`}>
              {text}
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}
