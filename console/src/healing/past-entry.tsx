import type { Remediation } from '#contract/healing.ts'
import { TextLink } from '../components/a.tsx'
import { MarginTime } from '../components/ago.tsx'
import { HealthMark } from '../components/health.tsx'
import { Entry } from '../components/ledger.tsx'
import { Tag } from '../components/tag.tsx'
import { formatDuration } from '../lib/numbers.ts'
import { didOf, lastedMs } from '../lib/remediation-timeline.ts'
import { placeOf, stateHealth, stateWords, titleOf } from '../lib/remediation-words.ts'
import { paths } from '../paths.ts'

/** One that has ended: noticed → did → verified. */
export function PastEntry({ one, stacked = false }: { one: Remediation; /** In a narrow column. */ stacked?: boolean }) {
  const { environment } = placeOf(one)
  return (
    <Entry when={<MarginTime at={one.signal.since} />}>
      <div className="flex gap-2.5">
        <span className="pt-1">
          <HealthMark health={stateHealth[one.state]} />
        </span>
        <div className="min-w-0 flex-1">
          <p className="flex flex-wrap items-baseline gap-x-2.5">
            <TextLink href={paths.remediation(one.id)} className="font-medium">
              {titleOf(one)}
            </TextLink>
            {environment === null ? null : <Tag>{environment}</Tag>}
            <span className={`text-sm ${one.state === 'handed-over' ? 'text-red' : 'text-soft'}`}>
              {stateWords[one.state]} after {formatDuration(lastedMs(one, Date.now()))}
            </span>
          </p>
          <ol className={`mt-1 grid gap-x-6 gap-y-1 text-sm ${stacked ? '' : 'lg:grid-cols-3'}`}>
            <Part name="noticed" text={one.signal.because} />
            <Part name="did" text={didOf(one.tries)} />
            <Part name={one.state === 'verified' ? 'verified' : 'ended'} text={one.because} />
          </ol>
        </div>
      </div>
    </Entry>
  )
}

const Part = ({ name, text }: { name: string; text: string }) => (
  <li className="min-w-0">
    <span className="text-soft">{name}: </span>
    {text}
  </li>
)
