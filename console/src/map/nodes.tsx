import { Handle, type NodeProps, Position, useStore } from '@xyflow/react'
import type { MapView } from '#contract/model.ts'
import { A } from '../components/a.tsx'
import { HealthMark, healthText, healthWords } from '../components/health.tsx'
import { InstanceMark, instanceWords } from '../components/instance-mark.tsx'
import { formatRate, formatShare } from '../lib/numbers.ts'
import { paths } from '../paths.ts'
import { folded, groupId } from './ids.ts'
import { badShare, isFar } from './traffic-edge.tsx'
import { toggled, useMapHref } from './use-map-href.ts'

export type ServiceData = { service: MapView['services'][number]; /** Of a folded app: what comes in. */ ingress: MapView['edges'][number] | undefined; marks: MapView['marks']; alerts: number; id: string; selected: boolean; dim: boolean }
export type GroupData = { app: string; environment: string; dim: boolean }
export type MachineData = { machine: MapView['machines'][number]; id: string; selected: boolean; dim: boolean }

const handle = '!size-1 !min-w-0 !min-h-0 !border-0 !bg-transparent'
const box = (selected: boolean, dim: boolean) => `h-full w-full rounded-lg border bg-sheet text-left transition-opacity duration-200 ${selected ? 'border-accent outline-2 outline-accent' : 'border-rule-strong'} ${dim ? 'opacity-35' : ''}`

export function ServiceNode({ data }: NodeProps & { data: ServiceData }) {
  const { service, ingress, id, selected, dim, marks, alerts } = data
  const href = useMapHref()
  const far = useStore(isFar)
  const isFolded = service.service === folded
  const changed = marks.filter((one) => one.kind === 'change').length
  const broke = marks.length - changed
  return (
    <div className={`relative ${box(selected, dim)} px-3 py-2 hover:bg-hover`}>
      <Handle type="target" position={Position.Left} className={handle} />
      <A href={isFolded ? href({ open: toggled(new URLSearchParams(location.search).get('open') ?? undefined, groupId(service.app, service.environment)) }) : href({ select: selected ? undefined : id })} replace aria-current={selected || undefined} className={`nopan stretched flex items-center gap-2 font-medium ${far ? 'text-2xl' : ''}`}>
        <HealthMark health={service.health} size={far ? 22 : 14} />
        {isFolded ? service.app : service.service}
        <span className="sr-only">
          {' '}
          of {service.app} {service.environment}: {healthWords[service.health]}
        </span>
        {service.protocol === 'http' ? null : <span className="ml-auto font-mono text-xs font-normal text-soft">{service.protocol}</span>}
      </A>
      <div className={`mt-1.5 flex items-center gap-1.5 ${far ? 'invisible' : ''}`}>
        {(isFolded ? [] : service.instances).slice(0, 9).map((instance) => (
          <span key={instance.id} title={`${instance.name}: ${instanceWords[instance.state]}, on ${instance.machine}`}>
            <InstanceMark state={instance.state} size={10} />
          </span>
        ))}
        {ingress === undefined ? null : <Incoming edge={ingress} />}
        {changed > 0 ? <span className="text-xs text-soft" title={marks.map((one) => one.summary).join('\n')}>▵ changed</span> : null}
        {broke + alerts > 0 ? <span className="text-xs text-red" title={marks.map((one) => one.summary).join('\n')}>✕ {alerts > 0 ? 'alert' : 'fault'}</span> : null}
        <span className={`ml-auto num text-xs ${healthText[service.health]}`}>
          {service.ready}/{service.wanted}
        </span>
      </div>
      <Handle type="source" position={Position.Right} className={handle} />
      <Handle id="down" type="source" position={Position.Bottom} className={handle} />
    </div>
  )
}

/** What comes in, in figures: its edge is not drawn. */
function Incoming({ edge: { requestRate, errorShare } }: { edge: MapView['edges'][number] }) {
  if (requestRate === 0) return <span className="text-xs text-soft">idle</span>
  return (
    <span className="num text-xs whitespace-nowrap text-soft">
      {formatRate(requestRate)}
      {errorShare >= badShare ? <span className="block text-red">{formatShare(errorShare)} fail</span> : null}
    </span>
  )
}

export function GroupNode({ data }: NodeProps & { data: GroupData }) {
  return (
    <div className={`h-full w-full rounded-xl border border-rule bg-[color-mix(in_srgb,var(--sheet)_45%,transparent)] px-4 py-2.5 transition-opacity duration-200 ${data.dim ? 'opacity-50' : ''}`}>
      <A href={paths.app(data.app, data.environment)} className="nopan relative font-serif text-lg hover:underline">
        {data.app}
        {data.environment === 'production' ? null : <span className="text-soft"> {data.environment}</span>}
      </A>
    </div>
  )
}

export function IngressNode({ data }: NodeProps & { data: { dim: boolean } }) {
  return (
    <div className={`grid h-full w-full place-items-center rounded-full border border-dashed border-rule-strong font-mono text-xs text-soft ${data.dim ? 'opacity-35' : ''}`}>
      ingress
      <Handle type="source" position={Position.Right} className={handle} />
    </div>
  )
}

export function MachineNode({ data }: NodeProps & { data: MachineData }) {
  const { machine, id, selected, dim } = data
  const href = useMapHref()
  return (
    <div className={`relative ${box(selected, dim)} px-3 py-1.5 hover:bg-hover`}>
      <Handle type="target" position={Position.Top} className={handle} />
      <A href={href({ select: selected ? undefined : id })} replace aria-current={selected || undefined} className="nopan stretched flex items-center gap-2 font-medium">
        <HealthMark health={machine.state === 'lost' ? 'unknown' : 'healthy'} />
        {machine.name}
        <span className="ml-auto font-mono text-xs font-normal text-soft">machine</span>
      </A>
      <p className="num text-xs text-soft">
        {machine.instances} instances · {machine.cpus} cores
      </p>
    </div>
  )
}
