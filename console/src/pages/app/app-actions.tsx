import { useState } from 'react'
import type { AppDetail } from '#contract/model.ts'
import { appRules, whyNot } from '#contract/rules.ts'
import { Button, ButtonLink } from '../../components/button.tsx'
import { Confirm } from '../../components/confirm.tsx'
import { useAction } from '../../data/use-action.ts'
import { useSession } from '../../data/use-session.ts'
import { plural } from '../../lib/numbers.ts'
import { paths } from '../../paths.ts'

/** What can be done with the whole app, in its head. */
export function AppActions({ app }: { app: AppDetail }) {
  const { access } = useSession()
  const [asking, setAsking] = useState(false)
  const where = { params: { app: app.name }, query: { environment: app.environment } }
  const touches = ['app', 'apps', 'tonight', 'map']
  const restart = useAction('apps.restart', { touches, done: ({ instances }) => `Restarting ${plural(instances.length, 'instance')}, one after the other`, onDone: () => setAsking(false) })
  const start = useAction('apps.start', { touches, done: `${app.name} is starting` })
  const count = app.services.reduce((sum, service) => sum + service.instances.length, 0)
  if (app.health === 'empty') return <ButtonLink href={paths.deploy({ app: app.name })} tone="main">Deploy it</ButtonLink>
  return (
    <>
      {app.health === 'stopped' ? (
        <Button tone="main" busy={start.isPending} whyNot={whyNot(appRules.start, app.health, access)} onClick={() => start.mutate(where)}>
          Start
        </Button>
      ) : (
        <Button whyNot={whyNot(appRules.restart, app.health, access)} onClick={() => setAsking(true)}>
          Restart
        </Button>
      )}
      <ButtonLink href={paths.deploy({ app: app.name })}>Deploy</ButtonLink>
      <Confirm
        open={asking}
        onOpenChange={setAsking}
        title={`Restart ${app.name}?`}
        touches={[`${plural(count, 'instance')} of ${plural(app.services.length, 'service')}, one after the other: each only when the one before is ready`, ...app.services.filter((service) => service.instances.length === 1).map((service) => `${service.name} has a single instance: its requests wait until it is back`)]}
        leaves={['release, config and secrets', 'volumes and what is in them']}
        action="Restart"
        busy={restart.isPending}
        onConfirm={() => restart.mutate({ ...where, body: {} })}
      />
    </>
  )
}
