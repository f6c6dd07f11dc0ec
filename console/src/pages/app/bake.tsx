import { useQuery } from '@tanstack/react-query'
import type { AppDetail, Bake } from '#contract/model.ts'
import { bakeRules, whyNot } from '#contract/rules.ts'
import { Ago } from '../../components/ago.tsx'
import { Button } from '../../components/button.tsx'
import { Section } from '../../components/page.tsx'
import { queries } from '../../data/queries.ts'
import { useAction } from '../../data/use-action.ts'
import { useNow } from '../../data/use-now.ts'
import { useSession } from '../../data/use-session.ts'
import { formatDuration } from '../../lib/numbers.ts'

/** A rollback by itself is said for a day: somebody wakes up to it. */
const saidMs = 24 * 3_600_000

/** The watch over the newest release after its switch, while it lasts; and, for a day, that a release was taken back. */
export function BakeView({ app }: { app: AppDetail }) {
  const now = useNow()
  const { data: bake } = useQuery(queries.bake({ app: app.name, env: app.environment }))
  if (bake === undefined || bake === null) return null
  if (bake.endedAt === null) return <Watching app={app} bake={bake} leftMs={Math.max(0, Date.parse(bake.until) - now)} />
  if (bake.state !== 'condemned' || now - Date.parse(bake.endedAt) > saidMs) return null
  return (
    <Section title={`v${bake.release} was taken back`} aside={<Ago at={bake.endedAt} />}>
      <p className="max-w-prose">
        v{bake.fromRelease} serves again{bake.rolledBackTo === null ? '' : `, as v${bake.rolledBackTo}`}. Compared with it, {bake.because}.
      </p>
    </Section>
  )
}

function Watching({ app, bake, leftMs }: { app: AppDetail; bake: Bake; leftMs: number }) {
  const { access } = useSession()
  const accept = useAction('bakes.accept', { touches: ['bake'], done: (ended) => `v${ended.release} stays` })
  return (
    <Section title={`v${bake.release} is watched`} aside={<span className="num">{formatDuration(Math.floor(leftMs / 1000) * 1000)} more</span>}>
      <p className="max-w-prose text-soft">
        Its errors, latency and crashes are compared with v{bake.fromRelease}. If it is worse, v{bake.fromRelease} comes back by itself.
      </p>
      <Button size="sm" className="mt-4" whyNot={whyNot(bakeRules.accept, bake.state, access)} busy={accept.isPending} onClick={() => accept.mutate({ params: { app: app.name }, query: { environment: app.environment } })}>
        Keep v{bake.release}
      </Button>
    </Section>
  )
}
