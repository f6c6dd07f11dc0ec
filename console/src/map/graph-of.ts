/** The map's view and its layout as what xyflow draws. Pure. */
import type { Edge, Node } from '@xyflow/react'
import type { MapView } from '#contract/model.ts'
import { folded, ingressId, machineId, serviceId } from './ids.ts'
import type { Layout } from './layout.ts'
import { fromOf, toOf } from './shown.ts'

type Drawn = { nodes: Node[]; edges: Edge[] }

/** What stands with the chosen thing: its callers, what it calls, its machines. Null when nothing is chosen. */
function near(map: MapView, select: string | undefined): Set<string> | null {
  if (select === undefined) return null
  const found = new Set([select])
  for (const edge of map.edges) {
    const [from, to] = endsOf(edge)
    if (from === select) found.add(to)
    if (to === select) found.add(from)
  }
  for (const service of map.services) {
    const id = serviceId(service.app, service.environment, service.service)
    for (const instance of service.instances) {
      if (id === select) found.add(machineId(instance.machine))
      if (machineId(instance.machine) === select) found.add(id)
    }
  }
  return found
}

function endsOf(edge: MapView['edges'][number]): [string, string] {
  return [fromOf(edge) ?? ingressId(edge.app, edge.environment), toOf(edge)]
}

export function graphOf(map: MapView, layout: Layout, select: string | undefined, calm: boolean): Drawn {
  const lit = near(map, select)
  const dim = (id: string) => lit !== null && !lit.has(id)
  const nodes: Node[] = []
  const fixed = { draggable: false, selectable: false, focusable: false, connectable: false }
  const services = new Map(map.services.map((one) => [serviceId(one.app, one.environment, one.service), one]))
  for (const group of layout.groups) {
    const alone = services.get(group.members[0]?.id ?? '')
    const ingress = alone?.service === folded ? map.edges.find((edge) => edge.from === null && edge.app === alone.app && edge.environment === alone.environment) : undefined
    if (alone?.service !== folded) nodes.push({ id: group.id, type: 'group-box', position: { x: group.x, y: group.y }, width: group.width, height: group.height, data: { app: group.app, environment: group.environment, dim: lit !== null && !group.members.some((one) => lit.has(one.id)) }, ...fixed, zIndex: 0 })
    for (const member of group.members) {
      const service = services.get(member.id)
      const place = { id: member.id, position: { x: group.x + member.x, y: group.y + member.y }, width: member.width, height: member.height, zIndex: 2, ...fixed }
      nodes.push(service === undefined ? { ...place, type: 'ingress', data: { dim: dim(member.id) } } : { ...place, type: 'service', data: { service, ingress, marks: map.marks.filter((one) => one.service === service.service && one.app === service.app && one.environment === service.environment), alerts: map.alerts.filter((one) => one.app === service.app && one.environment === service.environment && (one.service === service.service || service.service === folded)).length, id: member.id, selected: member.id === select, dim: dim(member.id) } })
    }
  }
  for (const one of layout.machines) {
    const machine = map.machines.find((candidate) => machineId(candidate.name) === one.id)
    if (machine) nodes.push({ id: one.id, type: 'machine', position: { x: one.x, y: one.y }, width: one.width, height: one.height, zIndex: 2, data: { machine, id: one.id, selected: one.id === select, dim: dim(one.id) }, ...fixed })
  }
  const drawn = new Set(nodes.map((node) => node.id))
  const edges: Edge[] = map.edges.flatMap((edge) => {
    const [source, target] = endsOf(edge)
    if (!drawn.has(source) || !drawn.has(target)) return []
    return [{ id: edge.id, source, target, type: 'traffic', data: { edge, dim: select !== undefined && source !== select && target !== select, calm }, zIndex: 1, focusable: false, selectable: false }]
  })
  return { nodes, edges: [...edges, ...homes(map, select)] }
}

/** Where the chosen service runs, or what runs on the chosen machine: dotted lines, only while something is chosen. */
function homes(map: MapView, select: string | undefined): Edge[] {
  if (select === undefined) return []
  return map.services.flatMap((service) => {
    const id = serviceId(service.app, service.environment, service.service)
    const machines = [...new Set(service.instances.map((one) => machineId(one.machine)))]
    return machines.filter((machine) => id === select || machine === select).map((machine): Edge => ({ id: `home:${id}:${machine}`, source: id, sourceHandle: 'down', target: machine, style: { stroke: 'var(--rule-strong)', strokeDasharray: '2 5' }, zIndex: 1, focusable: false, selectable: false }))
  })
}
