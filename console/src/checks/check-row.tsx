import type { CheckRow } from '#contract/checks.ts'
import { TextLink } from '../components/a.tsx'
import { Lasting } from '../components/ago.tsx'
import { HealthMark } from '../components/health.tsx'
import { Spark } from '../components/spark.tsx'
import { Tag } from '../components/tag.tsx'
import { shortMs, stateHealth, stateText } from '../lib/check-words.ts'
import { paths } from '../paths.ts'
import { StateStrip } from './state-strip.tsx'

export function CheckListRow({ check }: { check: CheckRow }) {
  const took = check.vantages[0]?.durationMs
  return (
    <li className="grid items-center gap-x-6 gap-y-2 py-3 md:grid-cols-[minmax(0,1fr)_auto_auto]">
      <div className="flex min-w-0 gap-3">
        <span className="pt-1">
          <HealthMark health={stateHealth[check.state]} />
        </span>
        <div className="min-w-0">
          <p className="flex flex-wrap items-baseline gap-x-2.5">
            <TextLink href={paths.check(check.id)} className="font-medium">
              {check.name}
            </TextLink>
            <Tag>{check.kind}</Tag>
            {check.app === null ? null : <span className="text-sm text-soft">{[check.app, check.environment === 'production' ? null : check.environment, check.service].filter((part) => part !== null).join(' / ')}</span>}
          </p>
          <p className={`text-sm max-md:line-clamp-2 md:truncate ${stateText[check.state]}`}>
            {check.state} for <Lasting from={check.since} to={null} />: {check.because}
          </p>
        </div>
      </div>
      <div className="max-md:pl-7">
        <StateStrip strip={check.strip} />
      </div>
      <div className="flex items-center gap-3 max-md:hidden">
        <Spark values={check.spark.map((value) => value ?? 0)} width={96} height={26} label={`latency of ${check.name} over two hours`} />
        <span className="num w-16 text-right text-sm text-soft">{took === undefined ? '' : shortMs(took)}</span>
      </div>
    </li>
  )
}
