import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Release } from '#contract/model.ts'
import { TextLink } from '../../components/a.tsx'
import { MarginTime } from '../../components/ago.tsx'
import { Answer } from '../../components/answer.tsx'
import { Button } from '../../components/button.tsx'
import { Empty } from '../../components/empty.tsx'
import { Entry, Ledger } from '../../components/ledger.tsx'
import { Tag } from '../../components/tag.tsx'
import { queries } from '../../data/queries.ts'
import { useSession } from '../../data/use-session.ts'
import { commands } from '../../lib/commands.ts'
import { whatChanged } from '../../lib/what-changed.ts'
import { paths } from '../../paths.ts'
import { releaseRules, whyNot } from '#contract/rules.ts'
import { Changes } from './changes.tsx'
import { RollBack } from './roll-back.tsx'
import { useApp } from './use-app.ts'

const stateTags: Record<Release['state'], [string, 'plain' | 'amber' | 'red' | 'accent']> = { created: ['made', 'plain'], rolling: ['rolling out', 'amber'], active: ['serves', 'accent'], superseded: ['', 'plain'], condemned: ['taken back', 'red'], failed: ['failed', 'red'] }
export function Releases() {
  const { ref, query } = useApp()
  const { access } = useSession()
  const releases = useQuery(queries.releases(ref))
  const { data: bake } = useQuery(queries.bake(ref))
  const [target, setTarget] = useState<Release | null>(null)
  return (
    <Answer query={releases} title="The releases could not be read">
      {(list) => {
        if (list.length === 0) return <Empty title="No release yet." command={commands.deployDirectory(ref.app)} />
        const active = list.find((one) => one.state === 'active')
        return (
          <>
            <Ledger label="Releases, newest first">
              {list.map((release, index) => {
                const before = list.slice(index + 1).find((one) => one.state !== 'failed')
                const isWatched = release.state === 'active' && bake?.release === release.number && bake.endedAt === null
                const [word, tone] = stateTags[release.state]
                return (
                  <Entry key={release.number} when={<MarginTime at={release.createdAt} />}>
                    <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-2">
                      <div className="min-w-0 flex-1">
                        <p className="flex flex-wrap items-baseline gap-x-2.5">
                          <span className="font-mono font-semibold">v{release.number}</span>
                          <span>{release.description}</span>
                          {word === '' ? null : <Tag tone={tone}>{word}</Tag>}
                          {/* it may still be taken back */}
                          {isWatched ? <Tag tone="amber">watched</Tag> : null}
                        </p>
                        <p className="text-sm text-soft">
                          {release.because}
                          {release.buildId === null ? null : (
                            <>
                              {' · '}
                              <TextLink href={paths.build(ref.app, release.buildId, ref.env)}>its build</TextLink>
                            </>
                          )}
                        </p>
                        {before === undefined ? null : <Changes changes={whatChanged(before, release)} to={`v${before.number}`} />}
                      </div>
                      {release.state === 'active' ? null : (
                        <Button size="sm" whyNot={whyNot(releaseRules.rollback, release.state, access)} onClick={() => setTarget(release)}>
                          Roll back<span className="sr-only"> to v{release.number}</span>
                        </Button>
                      )}
                    </div>
                  </Entry>
                )
              })}
            </Ledger>
            {target === null || query.data === undefined ? null : <RollBack app={query.data} target={target} active={active} next={(list[0]?.number ?? 0) + 1} onClose={() => setTarget(null)} />}
          </>
        )
      }}
    </Answer>
  )
}
