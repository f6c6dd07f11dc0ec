import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import type { MapView } from '#contract/model.ts'
import { A, TextLink } from '../components/a.tsx'
import { ButtonLink, buttonLook } from '../components/button.tsx'
import { HealthLabel, HealthMark } from '../components/health.tsx'
import { InstanceMark, instanceWords } from '../components/instance-mark.tsx'
import { formatLatency, formatRate, formatShare } from '../lib/numbers.ts'
import { paths } from '../paths.ts'
import { machineId, serviceId } from './ids.ts'
import { useMapHref } from './use-map-href.ts'

/** What is known of the chosen thing, beside the map: its context is never left. */
export function SidePanel({ map, select }: { map: MapView; select: string }) {
  const href = useMapHref()
  const service = map.services.find((one) => serviceId(one.app, one.environment, one.service) === select)
  const machine = map.machines.find((one) => machineId(one.name) === select)
  return (
    <aside aria-label="What is chosen on the map" className="w-80 shrink-0 overflow-y-auto rounded-lg border border-rule bg-sheet p-5 max-md:fixed max-md:inset-x-0 max-md:bottom-[58px] max-md:z-20 max-md:max-h-[52dvh] max-md:w-auto max-md:rounded-b-none max-md:shadow-float">
      <A href={href({ select: undefined })} replace aria-label="Close" className={`${buttonLook('quiet', 'icon')} float-right -mr-2 -mt-2`}>
        <X size={16} aria-hidden />
      </A>
      {service !== undefined ? <ServicePanel map={map} service={service} /> : machine !== undefined ? <MachinePanel map={map} machine={machine} /> : <p className="text-soft">“{select}” is not on the map any more.</p>}
    </aside>
  )
}

function ServicePanel({ map, service }: { map: MapView; service: MapView['services'][number] }) {
  const href = useMapHref()
  const here = map.edges.filter((edge) => edge.app === service.app && edge.environment === service.environment)
  const calledBy = here.filter((edge) => edge.to === service.service)
  const calls = here.filter((edge) => edge.from === service.service)
  return (
    <>
      <h2 className="text-xl">{service.service}</h2>
      <p className="mb-4 text-soft">
        of <TextLink href={paths.app(service.app, service.environment)}>{service.app}</TextLink>
        {service.environment === 'production' ? '' : ` ${service.environment}`}
        <HealthLabel health={service.health} className="mt-1 flex!" />
      </p>
      <Part title="Instances">
        {service.instances.length === 0 ? <p className="text-soft">none</p> : null}
        {service.instances.map((one) => (
          <li key={one.id} className="flex items-center gap-2">
            <InstanceMark state={one.state} size={12} />
            <span className="num">{one.name}</span>
            <span className="truncate text-soft">{instanceWords[one.state]}</span>
            <TextLink href={href({ select: machineId(one.machine) })} replace className="ml-auto text-sm">
              {one.machine}
            </TextLink>
          </li>
        ))}
      </Part>
      {calledBy.length === 0 ? null : <Edges title="Called by" edges={calledBy} name={(edge) => edge.from} service={service} />}
      {calls.length === 0 ? null : <Edges title="Calls" edges={calls} name={(edge) => edge.to} service={service} />}
      <Around map={map} service={service} />
      <div className="flex flex-wrap gap-2">
        <ButtonLink size="sm" href={href({ near: serviceId(service.app, service.environment, service.service) })}>
          Only around it
        </ButtonLink>
        <ButtonLink size="sm" href={paths.traces({ app: service.app, service: service.service })}>
          Traces
        </ButtonLink>
        <ButtonLink size="sm" href={paths.app(service.app, service.environment)}>
          Open the app
        </ButtonLink>
        <ButtonLink size="sm" href={paths.appLogs(service.app, service.environment, { service: service.service })}>
          Logs
        </ButtonLink>
      </div>
    </>
  )
}

/** What changed and broke there in the quarter of an hour before, and what a person has to know. */
function Around({ map, service }: { map: MapView; service: MapView['services'][number] }) {
  const isHere = (one: { app: string | null; environment: string | null; service: string | null }) => one.app === service.app && one.environment === service.environment && (one.service === service.service || one.service === null)
  const alerts = map.alerts.filter(isHere)
  const marks = map.marks.filter(isHere).slice(-5).reverse()
  if (alerts.length + marks.length === 0) return null
  return (
    <Part title="Around this moment">
      {alerts.map((one) => (
        <li key={one.id} className="text-red">
          {one.title}
        </li>
      ))}
      {marks.map((one) => (
        <li key={one.event} className="text-sm">
          <TextLink href={paths.journal({ event: String(one.event) })}>{one.summary}</TextLink>
        </li>
      ))}
    </Part>
  )
}

function Edges({ title, edges, name, service }: { title: string; edges: MapView['edges']; name: (edge: MapView['edges'][number]) => string | null; service: MapView['services'][number] }) {
  const href = useMapHref()
  return (
    <Part title={title}>
      {edges.map((edge) => {
        const other = name(edge)
        return (
          <li key={edge.id}>
            {other === null ? 'the ingress' : <TextLink href={href({ select: serviceId(service.app, service.environment, other) })} replace>{other}</TextLink>}
            <p className={`num text-sm ${edge.errorShare >= 0.01 && edge.requestRate > 0 ? 'text-red' : 'text-soft'}`}>{edge.requestRate === 0 ? 'idle' : `${formatRate(edge.requestRate)}, ${formatShare(edge.errorShare)} fail, p95 ${formatLatency(edge.p95Ms)}`}</p>
          </li>
        )
      })}
    </Part>
  )
}

function MachinePanel({ map, machine }: { map: MapView; machine: MapView['machines'][number] }) {
  const href = useMapHref()
  const here = map.services.flatMap((service) => service.instances.filter((one) => one.machine === machine.name).map((one) => ({ service, one })))
  return (
    <>
      <h2 className="flex items-center gap-2.5 text-xl">
        <HealthMark health={machine.state === 'lost' ? 'unknown' : 'healthy'} />
        {machine.name}
      </h2>
      <p className="mb-4 text-soft">
        {machine.state}, {machine.os}
      </p>
      <Part title="Runs">
        {here.map(({ service, one }) => (
          <li key={one.id} className="flex items-center gap-2">
            <InstanceMark state={one.state} size={12} />
            <TextLink href={href({ select: serviceId(service.app, service.environment, service.service) })} replace>
              {service.app}/{one.name}
            </TextLink>
          </li>
        ))}
      </Part>
      {machine.limits.length === 0 ? null : (
        <Part title="Cannot">
          {machine.limits.map((limit) => (
            <li key={limit}>{limit}</li>
          ))}
        </Part>
      )}
      <ButtonLink size="sm" href={paths.machines()}>
        All machines
      </ButtonLink>
    </>
  )
}

const Part = ({ title, children }: { title: string; children: ReactNode }) => (
  <section className="mb-4">
    <h3 className="mb-1 font-sans text-sm text-soft">{title}</h3>
    <ul className="space-y-1">{children}</ul>
  </section>
)
