import type { AppDetail, Release } from '#contract/model.ts'
import { Confirm } from '../../components/confirm.tsx'
import { Command } from '../../components/copy.tsx'
import { useAction } from '../../data/use-action.ts'
import { commands } from '../../lib/commands.ts'
import { plural } from '../../lib/numbers.ts'
import { whatChanged } from '../../lib/what-changed.ts'
import { Changes } from './changes.tsx'

/** Says what going back to a release touches and what it leaves alone, before it does it. */
export function RollBack({ app, target, active, next, onClose }: { app: AppDetail; target: Release; active: Release | undefined; next: number; onClose: () => void }) {
  const rollback = useAction('releases.rollback', {
    touches: ['app', 'apps', 'releases', 'config', 'tonight'],
    done: ({ release }) => `v${release} is rolled out: v${target.number} again`,
    onDone: onClose,
  })
  const instances = app.services.reduce((sum, service) => sum + service.wanted, 0)
  return (
    <Confirm
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Roll ${app.name} back to v${target.number}?`}
      touches={[
        `v${next} is made with the code, config and secrets of v${target.number}`,
        `${plural(instances, 'instance')} of ${plural(app.services.length, 'service')} are replaced one after the other; no request is dropped`,
        ...(app.environment === 'production' ? [] : [`only ${app.environment}`]),
      ]}
      leaves={['volumes and databases: a migration that has run is not undone', 'domains and the number of instances', ...(active === undefined ? [] : [`v${active.number} stays in the list; you can come back to it`])]}
      action={`Roll back to v${target.number}`}
      busy={rollback.isPending}
      onConfirm={() => rollback.mutate({ params: { app: app.name }, query: { environment: app.environment }, body: { to: target.number } })}
    >
      {active === undefined ? null : (
        <section className="mb-4">
          <h3 className="font-sans text-sm text-soft">What changes against v{active.number}, which serves now</h3>
          <Changes changes={whatChanged(active, target)} to={`v${active.number}`} />
        </section>
      )}
      <h3 className="mb-1 font-sans text-sm text-soft">The same from a terminal</h3>
      <Command>{commands.rollback(app.name, target.number, app.environment)}</Command>
    </Confirm>
  )
}
