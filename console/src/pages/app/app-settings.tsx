import { useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import type { AppDetail } from '#contract/model.ts'
import { appRules, whyNot } from '#contract/rules.ts'
import { Ago } from '../../components/ago.tsx'
import { Button } from '../../components/button.tsx'
import { Confirm } from '../../components/confirm.tsx'
import { Section } from '../../components/page.tsx'
import { Tag } from '../../components/tag.tsx'
import { useAction } from '../../data/use-action.ts'
import { useSession } from '../../data/use-session.ts'
import { plural } from '../../lib/numbers.ts'
import { paths } from '../../paths.ts'
import { Drains } from './drains.tsx'
import { GitSettings } from './git-settings.tsx'
import { useApp } from './use-app.ts'

export function AppSettings() {
  const { query } = useApp()
  const app = query.data
  if (app === undefined) return null
  return (
    <>
      <Section title="Git">
        <GitSettings key={`${app.name}/${app.environment}`} app={app} />
      </Section>
      <Section title="Volumes" aside="never removed, emptied or re-pointed by a deploy">
        <Volumes app={app} />
      </Section>
      <Drains app={app} />
      <StopStart app={app} />
      <Destroy app={app} />
    </>
  )
}

function Volumes({ app }: { app: AppDetail }) {
  if (app.volumes.length === 0) return <p className="py-2 text-soft">None. Name one under services.NAME.volumes in nightshift.yml for what must survive a deploy.</p>
  return (
    <ul className="divide-y divide-rule">
      {app.volumes.map((volume) => (
        <li key={volume.name} className="row-y flex flex-wrap items-baseline gap-x-4">
          <code className="font-semibold">{volume.name}</code>
          {volume.orphan ? <Tag tone="amber">orphan</Tag> : null}
          <span className="text-soft">{volume.orphan ? 'no service names it any more; its content is kept' : `used by ${volume.services.join(', ')}`}</span>
          <span className="ml-auto text-sm text-soft">
            on {volume.machine}, made <Ago at={volume.createdAt} />
          </span>
        </li>
      ))}
    </ul>
  )
}

function StopStart({ app }: { app: AppDetail }) {
  const { access } = useSession()
  const [asking, setAsking] = useState(false)
  const where = { params: { app: app.name }, query: { environment: app.environment } }
  const touches = ['app', 'apps', 'tonight', 'map']
  const stop = useAction('apps.stop', { touches, done: `${app.name} is stopped`, onDone: () => setAsking(false) })
  const start = useAction('apps.start', { touches, done: `${app.name} is starting` })
  const instances = app.services.reduce((sum, service) => sum + service.instances.length, 0)
  return (
    <Section title="Stop and start">
      <p className="mb-3 max-w-160 text-soft">Stopping ends all instances; config, releases, routes and volumes stay, and Start brings the same release back.</p>
      <div className="flex gap-2">
        <Button whyNot={whyNot(appRules.stop, app.health, access)} onClick={() => setAsking(true)}>
          Stop {app.name}
        </Button>
        <Button busy={start.isPending} whyNot={whyNot(appRules.start, app.health, access)} onClick={() => start.mutate(where)}>
          Start {app.name}
        </Button>
      </div>
      <Confirm open={asking} onOpenChange={setAsking} title={`Stop ${app.name}?`} touches={[`${plural(instances, 'instance')} of ${plural(app.services.length, 'service')} end`, `${app.url ?? 'its routes'} and its domains answer 503 until it is started`]} leaves={['config, secrets and releases', 'volumes and what is in them']} action="Stop" tone="danger" busy={stop.isPending} onConfirm={() => stop.mutate(where)} />
    </Section>
  )
}

function Destroy({ app }: { app: AppDetail }) {
  const { access } = useSession()
  const router = useRouter()
  const [asking, setAsking] = useState(false)
  const destroy = useAction('apps.destroy', {
    touches: ['apps', 'tonight', 'map'],
    done: ({ keptVolumes }) => `${app.name} is destroyed${keptVolumes.length === 0 ? '' : `; kept: volume ${keptVolumes.join(', ')}`}`,
    onDone: () => void router.navigate({ href: paths.apps() }),
  })
  return (
    <Section title="Destroy">
      <p className="mb-3 max-w-160 text-soft">Forgets the app in every environment. Volumes are kept on their machines and listed as orphans.</p>
      <Button tone="danger" whyNot={whyNot(appRules.destroy, app.health, access)} onClick={() => setAsking(true)}>
        Destroy {app.name}
      </Button>
      <Confirm
        open={asking}
        onOpenChange={setAsking}
        title={`Destroy ${app.name}?`}
        touches={[`every environment: ${app.environments.join(', ')}`, `${plural(app.services.length, 'service')}, their routes and domains`, 'config, secrets, builds and releases; this cannot be undone']}
        leaves={app.volumes.length === 0 ? ['other apps'] : [`${plural(app.volumes.length, 'volume')} and what is in them: ${app.volumes.map((one) => one.name).join(', ')}`, 'other apps']}
        action={`Destroy ${app.name}`}
        tone="danger"
        typed={app.name}
        busy={destroy.isPending}
        onConfirm={() => destroy.mutate({ params: { app: app.name }, query: { confirm: app.name } })}
      />
    </Section>
  )
}
