import type { HealPause } from '#contract/healing.ts'
import { pausedName } from '#contract/pause-words.ts'
import { whyNot } from '#contract/rules.ts'
import { Ago, MarginTime } from '../components/ago.tsx'
import { Button } from '../components/button.tsx'
import { Entry, Ledger } from '../components/ledger.tsx'
import { Section } from '../components/page.tsx'
import { useAction } from '../data/use-action.ts'
import { useSession } from '../data/use-session.ts'
import { pauseRules } from './rules-of.ts'

/** Where a person lets healing do nothing for a while; nothing when that is nowhere. */
export function PauseList({ pauses }: { pauses: readonly HealPause[] }) {
  if (pauses.length === 0) return null
  return (
    <Section title="Paused" aside="noticed and noted, not acted on">
      <Ledger label="Paused">
        {pauses.map((one) => (
          <PauseEntry key={one.id} pause={one} />
        ))}
      </Ledger>
    </Section>
  )
}

function PauseEntry({ pause }: { pause: HealPause }) {
  const { access } = useSession()
  const end = useAction('healing.unpause', { touches: ['healing', 'remediations', 'why'], done: `Healing looks after ${pausedName(pause)} again` })
  return (
    <Entry when={<MarginTime at={pause.at} />}>
      <div className="flex flex-wrap items-baseline gap-x-4 gap-y-1">
        <p>
          <span className="font-medium">{pausedName(pause)}</span>, paused by {pause.by}: {pause.because}; ends <Ago at={pause.until} />
        </p>
        <Button size="sm" busy={end.isPending} whyNot={whyNot(pauseRules.end, pause.app === null ? 'all' : 'app', access)} onClick={() => end.mutate({ params: { id: pause.id } })}>
          End<span className="sr-only"> the pause of {pausedName(pause)}</span>
        </Button>
      </div>
    </Entry>
  )
}
