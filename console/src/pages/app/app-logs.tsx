import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Empty } from '../../components/empty.tsx'
import { LogFilters } from '../../logs/filters.tsx'
import { LogView } from '../../logs/log-view.tsx'
import { type LogFilter, paths } from '../../paths.ts'
import { useApp } from './use-app.ts'

const route = getRouteApi('/signed-in/apps/$app/logs')

export function AppLogs() {
  const { ref, query } = useApp()
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/apps/$app/logs' })
  const filter: LogFilter = { ...search, app: ref.app, env: ref.env }
  const onFilter = ({ app: _app, env: _env, ...change }: Partial<LogFilter>) => void navigate({ search: (now) => ({ ...now, ...change }), replace: true })
  const services = query.data?.services ?? []
  const instances = services.filter((service) => filter.service === undefined || service.name === filter.service).flatMap((service) => service.instances.map((one) => one.name))
  return (
    <LogView filter={filter} onFilter={onFilter} linkTo={({ app = ref.app, env, ...rest }) => paths.appLogs(app, env, rest)} height="max(420px, calc(100dvh - 270px))" empty={<Empty title={filter.q === undefined ? 'It has said nothing yet.' : 'No line matches.'} />}>
      {(help) => <LogFilters filter={filter} onFilter={onFilter} apps={null} services={services.map((one) => one.name)} instances={instances} {...help} />}
    </LogView>
  )
}
