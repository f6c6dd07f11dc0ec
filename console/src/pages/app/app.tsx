import { Outlet, useLocation, useRouter } from '@tanstack/react-router'
import type { AppDetail } from '#contract/model.ts'
import { A, OutLink } from '../../components/a.tsx'
import { HealthMark, healthText, healthWords } from '../../components/health.tsx'
import { Problem } from '../../components/problem.tsx'
import { Select } from '../../components/field.tsx'
import { Skeleton } from '../../components/skeleton.tsx'
import { Tag } from '../../components/tag.tsx'
import { useTitle } from '../../lib/use-title.ts'
import { type AppTab, appTabs, paths } from '../../paths.ts'
import { AppActions } from './app-actions.tsx'
import { useApp } from './use-app.ts'

const tabNames: Record<AppTab, string> = { overview: 'Overview', releases: 'Releases', logs: 'Logs', healing: 'Healing', config: 'Config & secrets', routes: 'Routes & domains', settings: 'Settings' }

export function App() {
  const { ref, query } = useApp()
  const { pathname } = useLocation()
  const tab = appTabs.find((one) => pathname.endsWith(`/${one}`)) ?? 'overview'
  useTitle(tab === 'overview' ? ref.app : `${tabNames[tab]} of ${ref.app}`)
  return (
    <div className="mx-auto max-w-[1120px] px-4 pt-7 sm:px-8 sm:pt-10">
      <header className="mb-2 grid grid-cols-1 items-start gap-x-6 gap-y-2 sm:grid-cols-[minmax(0,1fr)_auto]">
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <h1 className="text-2xl">{ref.app}</h1>
          {query.data === undefined ? null : <Environments app={query.data} tab={tab} />}
          {query.data?.release == null ? null : <Tag>v{query.data.release}</Tag>}
        </div>
        {query.data === undefined ? null : (
          <>
            <div className="flex flex-wrap items-center gap-2 max-sm:row-start-3">
              <AppActions app={query.data} />
            </div>
            <Sentence app={query.data} />
          </>
        )}
      </header>
      <nav aria-label={`Parts of ${ref.app}`} className="mb-7 overflow-x-auto border-b border-rule [scrollbar-width:none] max-sm:-mx-4 max-sm:px-4">
        <ul className="flex gap-6">
          {appTabs.map((one) => (
            <li key={one} ref={one === tab ? intoView : undefined}>
              <A href={paths.app(ref.app, ref.env, one)} aria-current={one === tab ? 'page' : undefined} className={`block whitespace-nowrap border-b-2 py-2 ${one === tab ? 'border-accent text-ink' : 'border-transparent text-soft hover:text-ink'}`}>
                {tabNames[one]}
              </A>
            </li>
          ))}
        </ul>
      </nav>
      {query.data !== undefined ? <Outlet /> : query.isError ? <Problem error={query.error} retry={() => void query.refetch()} title={`${ref.app} could not be read`} /> : <Skeleton rows={6} />}
    </div>
  )
}

function Sentence({ app }: { app: AppDetail }) {
  return (
    <p className={`flex items-baseline gap-2.5 sm:col-span-2 ${healthText[app.health]}`}>
      <span className="self-start pt-1">
        <HealthMark health={app.health} />
      </span>
      <span>
        <span className="sr-only">{healthWords[app.health]}: </span>
        {app.because}
        {app.url === null || app.health === 'empty' ? null : (
          <>
            {' · '}
            <OutLink href={app.url}>{app.url.replace(/^https?:\/\//, '')}</OutLink>
          </>
        )}
      </span>
    </p>
  )
}

/** On a phone the parts do not all fit: the one that is open is not left beyond the edge. */
function intoView(part: HTMLLIElement | null): void {
  const row = part?.parentElement?.parentElement
  if (part && row) row.scrollLeft = part.offsetLeft - (row.clientWidth - part.offsetWidth) / 2
}

function Environments({ app, tab }: { app: AppDetail; tab: AppTab }) {
  const router = useRouter()
  if (app.environments.length < 2) return app.environment === 'production' ? null : <Tag>{app.environment}</Tag>
  return (
    <Select label="Environment" hideLabel className="w-auto" value={app.environment} onChange={(event) => void router.navigate({ href: paths.app(app.name, event.target.value, tab) })}>
      {app.environments.map((one) => (
        <option key={one}>{one}</option>
      ))}
    </Select>
  )
}
