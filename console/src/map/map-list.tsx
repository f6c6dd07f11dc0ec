import type { MapView } from '#contract/model.ts'
import { TextLink } from '../components/a.tsx'
import { FoldedList } from '../components/folded-list.tsx'
import { HealthMark, healthWords } from '../components/health.tsx'
import { healthRank, isCalm } from '../lib/app-order.ts'
import { formatLatency, formatRate, formatShare, plural } from '../lib/numbers.ts'
import { serviceId } from './ids.ts'
import { toOf } from './shown.ts'
import { useMapHref } from './use-map-href.ts'

/** The map in words: for screen readers, small screens and copying. What is sick stands first. */
export function MapList({ map }: { map: MapView }) {
  const services = map.services.toSorted((a, b) => healthRank(a.health) - healthRank(b.health))
  const sick = services.filter((one) => !isCalm(one)).length
  return (
    <FoldedList items={services} most={Math.max(60, sick)} others={(rest) => `${plural(rest.length, 'more service')}, none of them sick`}>
      {(shown) => <Rows map={map} services={shown} />}
    </FoldedList>
  )
}

function Rows({ map, services }: { map: MapView; services: readonly MapView['services'][number][] }) {
  const href = useMapHref()
  const callersOf = Map.groupBy(map.edges, toOf)
  return (
    <div className="overflow-x-auto">
      <table className="w-full text-sm">
        <thead className="text-left text-soft">
          <tr className="border-b border-rule [&_th]:py-1.5 [&_th]:pr-6 [&_th]:font-normal">
            <th>Service</th>
            <th>Ready</th>
            <th>Called by</th>
            <th className="max-sm:hidden">On</th>
          </tr>
        </thead>
        <tbody>
          {services.map((one) => {
            const callers = callersOf.get(serviceId(one.app, one.environment, one.service)) ?? []
            return (
              <tr key={serviceId(one.app, one.environment, one.service)} className="border-b border-rule align-top [&_td]:py-1.5 [&_td]:pr-6">
                <td className="whitespace-nowrap">
                  <span className="mr-2 inline-block align-middle">
                    <HealthMark health={one.health} size={12} />
                  </span>
                  <span className="sr-only">{healthWords[one.health]}:</span>{' '}
                  <TextLink href={href({ select: serviceId(one.app, one.environment, one.service) })} replace>
                    {one.app}
                    {one.environment === 'production' ? '' : ` ${one.environment}`}/{one.service}
                  </TextLink>
                </td>
                <td className="num">
                  {one.ready}/{one.wanted}
                </td>
                <td>
                  {callers.map((edge) => (
                    <p key={edge.id} className="sm:whitespace-nowrap">
                      {edge.fromApp === null ? '' : `${edge.fromApp}/`}{edge.from ?? 'ingress'} <span className="num text-soft">{edge.requestRate === 0 ? 'idle' : [formatRate(edge.requestRate), `${formatShare(edge.errorShare)} fail`, `p95 ${formatLatency(edge.p95Ms)}`].map(unbroken).join(', ')}</span>
                    </p>
                  ))}
                </td>
                <td className="max-sm:hidden">{[...new Set(one.instances.map((instance) => instance.machine))].join(', ')}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

/** Lines break between figures, not within one. */
const unbroken = (figure: string) => figure.replaceAll(' ', '\u00a0')
