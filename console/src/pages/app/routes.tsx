import { useQuery } from '@tanstack/react-query'
import { Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { RouteView } from '#contract/model.ts'
import { OutLink } from '../../components/a.tsx'
import { Answer } from '../../components/answer.tsx'
import { Button, IconButton } from '../../components/button.tsx'
import { Confirm } from '../../components/confirm.tsx'
import { Empty } from '../../components/empty.tsx'
import { Section } from '../../components/page.tsx'
import { Tag } from '../../components/tag.tsx'
import { queries } from '../../data/queries.ts'
import { useAction } from '../../data/use-action.ts'
import { useSession } from '../../data/use-session.ts'
import { formatLatency, formatRate, formatShare } from '../../lib/numbers.ts'
import { AddDomain } from './add-domain.tsx'
import { useApp } from './use-app.ts'

const sources: Record<RouteView['source'], string> = { default: 'by its name', manifest: 'from the manifest', operator: 'set by an operator' }

export function Routes() {
  const { ref, query: app } = useApp()
  const { access } = useSession()
  const routes = useQuery(queries.routes(ref))
  const traffic = useQuery(queries.traffic(ref, 60)).data ?? []
  const [adding, setAdding] = useState(false)
  const [removing, setRemoving] = useState<RouteView | null>(null)
  const remove = useAction('domains.remove', { touches: ['routes', 'app'], done: 'The domain is no longer served', onDone: () => setRemoving(null) })
  const needsDeploy = access === 'read' ? 'needs deploy access, this session has read' : null
  return (
    <>
      <Section
        title="Routes"
        aside={
          <Button size="sm" whyNot={needsDeploy} onClick={() => setAdding(true)}>
            Add a domain
          </Button>
        }
      >
        <Answer query={routes} title="The routes could not be read">
          {(list) =>
            list.length === 0 ? (
              <Empty title="Nothing is reachable from outside.">A service named web is, and every service with domains, as soon as it is deployed.</Empty>
            ) : (
              <ul className="divide-y divide-rule">
                {list.map((route) => {
                  const seen = traffic.find((one) => one.key === `route:${route.id}`) ?? traffic.find((one) => one.from === null && one.service === route.service)
                  return (
                    <li key={route.id} className="row-y grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-6 md:grid-cols-[minmax(0,1fr)_100px_220px_40px]">
                      <div className="min-w-0">
                        <OutLink href={route.url} className="font-medium break-all">
                          {route.host}
                          {route.path === '/' ? '' : route.path}
                        </OutLink>{' '}
                        {route.tls ? <Tag>https</Tag> : null}
                        <p className="text-sm text-soft">{sources[route.source]}</p>
                      </div>
                      <span className="text-soft max-md:text-right">→ {route.service}</span>
                      <span className="text-sm text-soft max-md:hidden">
                        {seen === undefined ? 'no requests' : <span className="num">{`${formatRate(seen.requestRate)}, ${formatShare(seen.errorShare)} errors${seen.staleShare > 0 ? `, ${formatShare(seen.staleShare)} from copies` : ''}, p99 ${formatLatency(seen.p99Ms)}`}</span>}
                      </span>
                      {route.source !== 'operator' ? (
                        <span />
                      ) : (
                        <IconButton label={`Remove ${route.host}`} whyNot={needsDeploy} onClick={() => needsDeploy === null && setRemoving(route)}>
                          <Trash2 size={15} aria-hidden />
                        </IconButton>
                      )}
                    </li>
                  )
                })}
              </ul>
            )
          }
        </Answer>
      </Section>
      {adding && app.data !== undefined ? <AddDomain app={app.data} onClose={() => setAdding(false)} /> : null}
      <Confirm
        open={removing !== null}
        onOpenChange={(open) => !open && setRemoving(null)}
        title={`Stop serving ${removing?.host ?? ''}?`}
        touches={['requests for this host get 404 from now on']}
        leaves={['the service and its other routes', 'your DNS records']}
        action="Stop serving it"
        tone="danger"
        busy={remove.isPending}
        onConfirm={() => removing !== null && remove.mutate({ params: { app: ref.app, host: removing.host }, query: { environment: ref.env } })}
      />
    </>
  )
}
