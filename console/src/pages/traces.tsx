import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Answer } from '../components/answer.tsx'
import { Empty } from '../components/empty.tsx'
import { Page } from '../components/page.tsx'
import { queries } from '../data/queries.ts'
import { commands } from '../lib/commands.ts'
import { formatCount } from '../lib/numbers.ts'
import { Distribution } from '../traces/distribution.tsx'
import { TraceFilters } from '../traces/filters.tsx'
import { TraceRows } from '../traces/trace-rows.tsx'

const route = getRouteApi('/signed-in/traces')

export function Traces() {
  const filter = route.useSearch()
  const navigate = useNavigate({ from: '/traces' })
  const list = useQuery(queries.traces(filter))
  const apps = useQuery(queries.apps()).data ?? []
  const services = [...new Set(apps.filter((app) => filter.app === undefined || app.name === filter.app).flatMap((app) => app.services.map((service) => service.name)))].sort()
  return (
    <Page title="Traces" lead="Requests followed through every service that took part. Failures and slow ones are kept, and a share of the others.">
      <TraceFilters key={filter.operation} filter={filter} apps={[...new Set(apps.map((app) => app.name))]} services={services} />
      <Answer query={list} title="The traces could not be read">
        {({ traces, durations, sampling }) =>
          traces.length === 0 ? (
            <Empty title="No trace fits." command={commands.traces}>
              Every request makes one as soon as it passes the ingress. Ask further back, or for less.
            </Empty>
          ) : (
            <>
              <Distribution durations={durations} onSlower={(ms) => void navigate({ search: { ...filter, slower: ms === 0 ? '' : String(ms) } as Record<string, string>, replace: true })} />
              <TraceRows traces={traces} />
              <p className="mt-4 mb-8 text-sm text-soft">
                Since control started {formatCount(sampling.received)} spans came and {formatCount(sampling.stored)} were kept.
              </p>
            </>
          )
        }
      </Answer>
    </Page>
  )
}
