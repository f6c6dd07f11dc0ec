/**
 * Where everything stands on the map. Only what exists decides it, never numbers, so that the map stands still while it
 * lives. Each app is laid out from left to right by who calls whom; the apps are then packed into rows.
 */
import dagre from '@dagrejs/dagre'
import type { MapView } from '#contract/model.ts'
import { folded, groupId, ingressId, machineId, serviceId } from './ids.ts'

const serviceSize = { width: 196, height: 74 }
const ingressSize = { width: 84, height: 34 }
const machineSize = { width: 216, height: 58 }
const padding = { x: 22, top: 46, bottom: 22 }
const gap = 34

export type Box = { id: string; x: number; y: number; width: number; height: number }
export type Group = Box & { app: string; environment: string; members: Box[] }
export type Layout = { groups: Group[]; machines: Box[]; width: number; height: number }

/** Everything the layout depends on, as a key: the same key, the same places. */
export const layoutKey = (map: MapView) => JSON.stringify([map.services.map((one) => serviceId(one.app, one.environment, one.service)), map.edges.map((one) => [one.app, one.environment, one.fromApp, one.from, one.to]), map.machines.map((one) => one.name)])

const widths = [500, 760, 1000, 1250, 1500, 1800, 2200, 2800, 3600]

/** The layout that can be drawn largest in a room of this width to height. */
export function bestLayout(map: MapView, aspect: number): Layout {
  const scale = (layout: Layout) => Math.min(aspect / Math.max(layout.width, 1), 1 / Math.max(layout.height, 1))
  return widths.map((width) => layoutOf(map, width)).reduce((best, one) => (scale(one) > scale(best) * 1.02 ? one : best))
}

function layoutOf(map: MapView, maxWidth: number): Layout {
  const names = [...new Set(map.services.map((one) => groupId(one.app, one.environment)))]
  const groups = names.map((name) => groupOf(map, name))
  groups.sort((a, b) => b.members.length - a.members.length || a.id.localeCompare(b.id))
  const { width, height } = pack(groups, maxWidth)
  const machines = map.machines.map((machine, index) => {
    const perRow = Math.max(1, Math.floor((Math.max(width, machineSize.width) + gap) / (machineSize.width + gap)))
    return { id: machineId(machine.name), x: (index % perRow) * (machineSize.width + gap), y: height + gap * 1.6 + Math.floor(index / perRow) * (machineSize.height + gap / 2), ...machineSize }
  })
  return { groups, machines, width, height: Math.max(height, ...machines.map((one) => one.y + one.height)) }
}

function groupOf(map: MapView, id: string): Group {
  const services = map.services.filter((one) => groupId(one.app, one.environment) === id)
  const { app, environment } = services[0] as (typeof services)[number]
  // a folded app is its box and nothing else, so that many are drawn large
  if (services[0]?.service === folded) return { id, app, environment, members: [{ id: serviceId(app, environment, folded), x: 0, y: 0, ...serviceSize }], x: 0, y: 0, ...serviceSize }
  const edges = map.edges.filter((one) => groupId(one.app, one.environment) === id)
  const graph = new dagre.graphlib.Graph().setGraph({ rankdir: 'LR', nodesep: 24, ranksep: 118, edgesep: 12 }).setDefaultEdgeLabel(() => ({}))
  for (const one of services) graph.setNode(serviceId(app, environment, one.service), { ...serviceSize })
  if (edges.some((edge) => edge.from === null)) graph.setNode(ingressId(app, environment), { ...ingressSize })
  for (const edge of edges) {
    const to = serviceId(app, environment, edge.to)
    const from = edge.from === null ? ingressId(app, environment) : serviceId(edge.fromApp ?? app, edge.fromEnvironment ?? environment, edge.from)
    if (graph.hasNode(from) && graph.hasNode(to)) graph.setEdge(from, to)
  }
  dagre.layout(graph)
  const members = graph.nodes().map((node): Box => {
    const { x, y, width, height } = graph.node(node)
    return { id: node, x: x - width / 2 + padding.x, y: y - height / 2 + padding.top, width, height }
  })
  const width = Math.max(...members.map((one) => one.x + one.width)) + padding.x
  const height = Math.max(...members.map((one) => one.y + one.height)) + padding.bottom
  return { id, app, environment, members, x: 0, y: 0, width, height }
}

/** Rows from the top left, the biggest group first; places are written into the groups. */
function pack(groups: Group[], maxWidth: number): { width: number; height: number } {
  let [x, y, rowHeight, width] = [0, 0, 0, 0]
  for (const group of groups) {
    if (x > 0 && x + group.width > maxWidth) {
      x = 0
      y += rowHeight + gap
      rowHeight = 0
    }
    group.x = x
    group.y = y
    x += group.width + gap
    rowHeight = Math.max(rowHeight, group.height)
    width = Math.max(width, x - gap)
  }
  return { width, height: groups.length === 0 ? 0 : y + rowHeight }
}
