import { useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useSyncExternalStore } from 'react'
import { Button } from '../components/button.tsx'
import { Choice } from '../components/field.tsx'
import { Page, Section } from '../components/page.tsx'
import { useAction } from '../data/use-action.ts'
import { useSession } from '../data/use-session.ts'
import { densityNow, onLookChange, setDensity, setTheme } from '../lib/theme.ts'
import { paths } from '../paths.ts'
import { useTheme } from '../shell/look-switch.tsx'
import { Forwards } from './forwards.tsx'
import { LoginLinks } from './login-links.tsx'
import { Tokens } from './tokens.tsx'

export function Settings() {
  const session = useSession()
  return (
    <Page title="Settings" lead={`Signed in as ${session.actor.name}, with ${session.access} access.`} actions={<SignOut />}>
      <Section title="API tokens" aside="for the command line, git and CI">
        <Tokens />
      </Section>
      <Section title="Let somebody in">
        <LoginLinks />
      </Section>
      <Section title="Metrics sent on" aside="by Prometheus remote write">
        <Forwards />
      </Section>
      <Section title="Look" aside="kept in this browser">
        <Look />
      </Section>
      <Section title="This Nightshift">
        <dl className="grid max-w-160 grid-cols-[auto_minmax(0,1fr)] gap-x-8 gap-y-1 [&_dt]:text-soft">
          <dt>version</dt>
          <dd className="num">{session.version}</dd>
          <dt>API</dt>
          <dd className="num break-all">{session.apiUrl}</dd>
          <dt>ingress</dt>
          <dd className="num break-all">{session.ingressUrl}</dd>
          <dt>task driver</dt>
          <dd className="num">{session.driver ?? 'none connected'}</dd>
        </dl>
      </Section>
    </Page>
  )
}

function SignOut() {
  const client = useQueryClient()
  const router = useRouter()
  const logout = useAction('login.logout', {
    touches: [],
    onDone: () => {
      client.clear()
      void router.navigate({ href: paths.login() })
    },
  })
  return (
    <Button busy={logout.isPending} onClick={() => logout.mutate({})}>
      Sign out
    </Button>
  )
}

function Look() {
  const theme = useTheme()
  const density = useSyncExternalStore(onLookChange, densityNow)
  return (
    <div className="flex flex-wrap gap-x-10 gap-y-4">
      <div>
        <p className="mb-1.5 text-sm text-soft">Theme</p>
        <Choice label="Theme" value={theme} onChange={setTheme} options={[{ value: 'system', text: 'As the system' }, { value: 'night', text: 'Night' }, { value: 'day', text: 'Day' }]} />
      </div>
      <div>
        <p className="mb-1.5 text-sm text-soft">Density</p>
        <Choice label="Density" value={density} onChange={setDensity} options={[{ value: 'comfortable', text: 'Comfortable' }, { value: 'compact', text: 'Compact' }]} />
      </div>
    </div>
  )
}
