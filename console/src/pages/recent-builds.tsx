import { useQueries } from '@tanstack/react-query'
import type { Build } from '#contract/model.ts'
import { A } from '../components/a.tsx'
import { Lasting, MarginTime } from '../components/ago.tsx'
import { buildHealth, sourceOf } from '../components/build-words.ts'
import { Empty } from '../components/empty.tsx'
import { HealthMark } from '../components/health.tsx'
import { Entry, Ledger } from '../components/ledger.tsx'
import { Skeleton } from '../components/skeleton.tsx'
import { Tag } from '../components/tag.tsx'
import { type AppRef, queries } from '../data/queries.ts'
import { paths } from '../paths.ts'

const shown = 20

/** The newest builds of several apps, in one logbook. */
export function RecentBuilds({ apps }: { apps: readonly AppRef[] }) {
  const answers = useQueries({ queries: apps.map((ref) => queries.builds(ref, shown)) })
  if (answers.some((answer) => answer.isPending)) return <Skeleton rows={4} />
  const builds = answers
    .flatMap((answer) => answer.data ?? [])
    .sort((a, b) => b.queuedAt.localeCompare(a.queuedAt))
    .slice(0, shown)
  if (builds.length === 0) return <Empty title="Nothing has been built yet.">Each build keeps its log here, the failed ones too.</Empty>
  return (
    <Ledger label="Recent builds">
      {builds.map((build) => (
        <BuildEntry key={build.id} build={build} />
      ))}
    </Ledger>
  )
}

function BuildEntry({ build }: { build: Build }) {
  return (
    <Entry when={<MarginTime at={build.queuedAt} />}>
      <div className="relative flex items-baseline gap-3 hover:bg-hover">
        <span className="self-start pt-1">
          <HealthMark health={buildHealth[build.state]} />
        </span>
        <div className="min-w-0 flex-1">
          <p className="flex flex-wrap items-baseline gap-x-2.5">
            <A href={paths.build(build.app, build.id, build.environment)} className="stretched font-medium">
              {build.app}
            </A>
            {build.environment === 'production' ? null : <Tag>{build.environment}</Tag>}
            <span className={build.state === 'failed' ? 'text-red' : 'text-soft'}>{build.state}</span>
            {build.release === null ? null : <Tag>v{build.release}</Tag>}
          </p>
          <p className="text-sm text-soft">
            {sourceOf(build)} by {build.by}
            {build.state === 'failed' ? `: ${build.because}` : ''}
          </p>
        </div>
        {build.startedAt === null ? null : (
          <span className="text-soft">
            <Lasting from={build.startedAt} to={build.finishedAt} />
          </span>
        )}
      </div>
    </Entry>
  )
}
