import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Empty } from '../components/empty.tsx'
import { queries } from '../data/queries.ts'
import { commands } from '../lib/commands.ts'
import { useTitle } from '../lib/use-title.ts'
import { LogFilters } from '../logs/filters.tsx'
import { LogView } from '../logs/log-view.tsx'
import { type LogFilter, paths } from '../paths.ts'

const route = getRouteApi('/signed-in/logs')

export function Logs() {
  useTitle('Logs')
  const filter: LogFilter = route.useSearch()
  const navigate = useNavigate({ from: '/logs' })
  const onFilter = (change: Partial<LogFilter>) => void navigate({ search: (now) => ({ ...now, ...change }), replace: true })
  const apps = useQuery(queries.apps()).data ?? []
  const chosen = apps.find((one) => one.name === filter.app && one.environment === (filter.env ?? 'production'))
  const detail = useQuery({ ...queries.app({ app: filter.app ?? '', env: filter.env ?? 'production' }), enabled: chosen !== undefined }).data
  const instances = (detail?.services ?? []).filter((service) => filter.service === undefined || service.name === filter.service).flatMap((service) => service.instances.map((one) => one.name))
  return (
    <div className="px-4 pt-6 sm:px-8">
      <h1 className="mb-4 text-2xl">Logs</h1>
      <LogView filter={filter} onFilter={onFilter} linkTo={paths.logs} height="calc(100dvh - var(--log-room))" empty={<Empty title={filter.q === undefined ? 'No lines yet.' : 'No line matches.'}>{filter.q === undefined ? 'What apps write to standard output and standard error appears here, from every instance, past and present.' : `No line fits “${filter.q}” within this choice. Words must all be there; “or” between them asks for either.`}</Empty>}>
        {(help) => <LogFilters filter={filter} onFilter={onFilter} apps={apps.map((one) => (one.environment === 'production' ? one.name : `${one.name}/${one.environment}`))} services={chosen?.services.map((one) => one.name) ?? []} instances={instances} {...help} />}
      </LogView>
      <p className="mt-2 hidden text-sm text-soft md:block">
        The same in a terminal: <code>{commands.logs(filter.app ?? 'APP', filter.env)}</code>
      </p>
    </div>
  )
}
