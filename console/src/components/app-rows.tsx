import type { AppSummary } from '#contract/model.ts'
import { byNeed, isCalm } from '../lib/app-order.ts'
import { formatRate, formatShare, plural } from '../lib/numbers.ts'
import { paths } from '../paths.ts'
import { A } from './a.tsx'
import { Ago } from './ago.tsx'
import { FoldedList } from './folded-list.tsx'
import { HealthMark, healthText, healthWords } from './health.tsx'
import { Spark } from './spark.tsx'
import { Tag } from './tag.tsx'

/** Apps, one a row: health and why, how it does, what runs. Those that need a look are all shown; of very many others `most`. */
export function AppRows({ apps, sparklines, most }: { most: number; apps: readonly AppSummary[]; sparklines?: Record<string, readonly number[]> }) {
  const sorted = byNeed(apps)
  const sick = sorted.filter((app) => !isCalm(app)).length
  return (
    <FoldedList items={sorted} most={Math.max(most, sick)} others={(rest) => `${plural(rest.length, 'more app')}, none of them sick`}>
      {(shown) => <Rows apps={shown} sparklines={sparklines} />}
    </FoldedList>
  )
}

function Rows({ apps, sparklines }: { apps: readonly AppSummary[]; sparklines: Record<string, readonly number[]> | undefined }) {
  return (
    <ul className="divide-y divide-rule">
      {apps.map((app) => (
        <li key={`${app.name}/${app.environment}`} className="row-y group relative grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-6 gap-y-1 hover:bg-hover max-sm:-mx-4 max-sm:px-4 md:grid-cols-[minmax(0,1fr)_auto_90px_110px]">
          <div className="flex min-w-0 items-baseline gap-3">
            <span className="self-start pt-1">
              <HealthMark health={app.health} />
            </span>
            <div className="min-w-0">
              <A href={paths.app(app.name, app.environment)} className="stretched font-medium">
                {app.name}
              </A>{' '}
              {app.environment === 'production' ? null : <Tag>{app.environment}</Tag>}
              <p className={`text-sm ${healthText[app.health]}`}>
                <span className="sr-only">{healthWords[app.health]}: </span>
                {app.because}
              </p>
            </div>
          </div>
          {sparklines === undefined ? <span /> : <Spark values={sparklines[`${app.name}/${app.environment}`] ?? []} label={`Requests of the last hour, now ${formatRate(app.requestRate)}`} />}
          <div className="text-right max-md:hidden">
            <div className="num">{app.requestRate === 0 ? '–' : formatRate(app.requestRate)}</div>
            <div className={`text-xs ${app.errorShare >= 0.01 ? 'text-red' : 'text-soft'}`}>{app.requestRate === 0 ? 'no requests' : `${formatShare(app.errorShare)} errors`}</div>
          </div>
          <div className="text-right max-md:hidden">
            <div className="num">{app.release === null ? '–' : `v${app.release}`}</div>
            <div className="text-xs text-soft">{app.deployedAt === null ? 'never' : <Ago at={app.deployedAt} />}</div>
          </div>
        </li>
      ))}
    </ul>
  )
}
