/** Which part of the map is drawn, and how coarsely: a filter, the neighbourhood of one thing, apps folded to one box. Pure. */
import type { MapView } from '#contract/model.ts'
import { rank } from '#contract/ranking.ts'
import { worstHealthFirst } from '../lib/app-order.ts'
import { folded, groupId, machineId, serviceId } from './ids.ts'

/** Beyond so many services apps are folded, unless opened one by one. */
const foldBeyond = 24

export type ShownBy = { q?: string | undefined; near?: string | undefined; /** Groups that are open, with commas. */ open?: string | undefined; select?: string | undefined }

type Service = MapView['services'][number]
type Edge = MapView['edges'][number]

const idOf = (one: Service) => serviceId(one.app, one.environment, one.service)
const groupOf = (one: { app: string; environment: string }) => groupId(one.app, one.environment)
export const toOf = (edge: Edge) => serviceId(edge.app, edge.environment, edge.to)
/** Null: the ingress. */
export const fromOf = (edge: Edge) => (edge.from === null ? null : serviceId(edge.fromApp ?? edge.app, edge.fromEnvironment ?? edge.environment, edge.from))

export function shownOf(map: MapView, { q = '', near, open = '', select }: ShownBy): { map: MapView; foldable: boolean; opened: Set<string> } {
  const kept = new Set((q.trim() === '' ? map.services : rank(map.services, q, (one) => ({ title: one.service, context: [one.app, one.environment, one.health] })).map(({ item }) => item)).map(idOf))
  const around = near === undefined ? null : neighbourhood(map, near)
  const services = map.services.filter((one) => kept.has(idOf(one)) && (around === null || around.has(idOf(one))))
  const ids = new Set(services.map(idOf))
  const edges = map.edges.filter((edge) => ids.has(toOf(edge)) && (edge.from === null || ids.has(fromOf(edge) as string)))
  const used = new Set(services.flatMap((one) => one.instances.map((instance) => machineId(instance.machine))))
  const narrowed = q.trim() !== '' || near !== undefined
  const machines = narrowed ? map.machines.filter((one) => used.has(machineId(one.name))) : map.machines
  const opened = new Set([...open.split(',').filter(Boolean), ...(select === undefined ? [] : [select.split('/').slice(0, 2).join('/')])])
  const foldable = services.length > foldBeyond
  return { map: foldable ? foldApps({ ...map, services, edges, machines }, opened) : { ...map, services, edges, machines }, foldable, opened }
}

/** It, its callers and what it calls, one step each way. */
function neighbourhood(map: MapView, id: string): Set<string> {
  const found = new Set([id])
  for (const edge of map.edges) {
    if (toOf(edge) === id && edge.from !== null) found.add(fromOf(edge) as string)
    if (fromOf(edge) === id) found.add(toOf(edge))
  }
  return found
}

const worst = (services: readonly Service[]) => worstHealthFirst.find((health) => services.some((one) => one.health === health)) ?? 'empty'

function foldApps(map: MapView, opened: ReadonlySet<string>): MapView {
  const groups = Map.groupBy(map.services, groupOf)
  const isFolded = (group: string) => !opened.has(group) && (groups.get(group)?.length ?? 0) > 1
  const services = [...groups].flatMap(([group, own]): Service[] => {
    const { app, environment, release } = own[0] as Service
    if (!isFolded(group)) return own
    return [{ app, environment, release, service: folded, health: worst(own), protocol: 'http', wanted: own.filter((one) => one.health !== 'stopped').length, ready: own.filter((one) => one.health === 'healthy').length, instances: own.flatMap((one) => one.instances) }]
  })
  const edges = new Map<string, Edge>()
  for (const edge of map.edges) {
    const to = isFolded(groupOf(edge)) ? folded : edge.to
    const fromGroup = groupId(edge.fromApp ?? edge.app, edge.fromEnvironment ?? edge.environment)
    const from = edge.from === null ? null : isFolded(fromGroup) ? folded : edge.from
    if (from === folded && to === folded && edge.fromApp === null) continue
    const id = `${fromGroup}/${from ?? ''}>${groupOf(edge)}/${to}`
    const before = edges.get(id)
    edges.set(id, before === undefined ? { ...edge, id, from, to } : merged(before, edge))
  }
  return { ...map, services, edges: [...edges.values()] }
}

function merged(a: Edge, b: Edge): Edge {
  const requestRate = a.requestRate + b.requestRate
  const larger = (x: number | null, y: number | null) => (x === null || y === null ? (x ?? y) : Math.max(x, y))
  return { ...a, requestRate, errorShare: requestRate === 0 ? Math.max(a.errorShare, b.errorShare) : (a.requestRate * a.errorShare + b.requestRate * b.errorShare) / requestRate, p95Ms: larger(a.p95Ms, b.p95Ms), p99Ms: larger(a.p99Ms, b.p99Ms), declared: a.declared || b.declared, observed: a.observed || b.observed, traced: a.traced || b.traced }
}
