import { Empty } from '../../components/empty.tsx'
import { Section } from '../../components/page.tsx'
import { TextLink } from '../../components/a.tsx'
import { commands } from '../../lib/commands.ts'
import { plural } from '../../lib/numbers.ts'
import { paths } from '../../paths.ts'
import { SloLine } from '../../alerts/slo-line.tsx'
import { BakeView } from './bake.tsx'
import { Graphs } from './graphs.tsx'
import { RecentLines } from './recent-lines.tsx'
import { RolloutView } from './rollout.tsx'
import { ServiceRow } from './service-row.tsx'
import { useApp } from './use-app.ts'

export function Overview() {
  const { ref, query } = useApp()
  const app = query.data
  if (app === undefined) return null
  if (app.health === 'empty')
    return (
      <Empty title={`${app.name} is ready for its first deploy.`} commands={[commands.gitRemote(app.name, app.environment), commands.gitPush(app.settings.deployBranch)]}>
        Push it with git, or see the <TextLink href={paths.deploy({ app: app.name })}>other ways</TextLink>. This page shows its services as soon as they start.
      </Empty>
    )
  return (
    <>
      {app.rollout === null || (app.rollout.state === 'finished' && Date.now() - Date.parse(app.rollout.finishedAt ?? '') > 120_000) ? null : <RolloutView app={app} rollout={app.rollout} />}
      <BakeView app={app} />
      <SloLine of={ref} />
      <Section title="Services" aside={plural(app.services.flatMap((service) => service.instances).length, 'instance')}>
        <ul className="divide-y divide-rule">
          {app.services.map((service) => (
            <ServiceRow key={service.name} app={app} service={service} />
          ))}
        </ul>
      </Section>
      <Graphs of={ref} services={app.services.map((service) => service.name)} since={app.createdAt} />
      <RecentLines of={ref} />
    </>
  )
}
