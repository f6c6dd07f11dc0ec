/** The dashboards that come with Nightshift. Data, as those of people are. */
import type { DashboardSpec, Graph, GraphLine } from '#contract/dashboards.ts'

const groupings = ['service', 'instance'] as const
export type Grouping = (typeof groupings)[number]

const requests = 'nightshift_http_requests_total'
const duration = 'nightshift_http_request_duration_seconds'
const line = (metric: string, fn: GraphLine['fn'], by: string[] = [], more: Partial<GraphLine> = {}): GraphLine => ({ metric, fn, by, where: '', ...more })
const graph = (title: string, ...lines: GraphLine[]): Graph => ({ title, lines })

/** What comes in from outside has no caller. */
const fromOutside = 'from='

const ofApps = ['app', 'environment']
/** What comes in, app by app. */
const byApp = [
  graph('Requests by app', line(requests, 'rate', ofApps, { where: fromOutside })),
  graph('Failed requests by app', line(requests, 'rate', ofApps, { where: `${fromOutside},class=5xx`, shareOf: fromOutside })),
  graph('Latency by app, p95', line(duration, 'p95', ofApps, { where: fromOutside })),
]
/** Who calls whom: of one app, because of many it would be too many lines, and too many series to ask. */
const edge = ['from', 'service']
const byEdge = [
  graph('Calls by edge', line(requests, 'rate', edge, { onlyWith: 'from' })),
  graph('Failed calls by edge', line(requests, 'rate', edge, { where: 'class=5xx', shareOf: '', onlyWith: 'from' })),
  graph('Latency by edge, p95', line(duration, 'p95', edge, { onlyWith: 'from' })),
]

/** `all`: of all apps together, where a service is told by its app, and limits would be as many lines again. */
export function appBoard(by: Grouping, all: boolean): DashboardSpec {
  // instances of a service add up; of one instance there is nothing to add
  const each = (metric: string, more: Partial<GraphLine> = {}) => line(metric, by === 'service' ? 'sum' : 'avg', all ? [...ofApps, by] : [by], more)
  return {
    title: 'App',
    app: null,
    rows: [
      [
        graph('Requests by class', line(requests, 'rate', ['class'], { where: fromOutside })),
        graph('Failed requests', line(requests, 'rate', [], { where: `${fromOutside},class=5xx`, shareOf: fromOutside, name: 'failed' })),
        graph('Latency', ...(['p99', 'p95', 'p50'] as const).map((fn) => line(duration, fn, [], { where: fromOutside, name: fn }))),
      ],
      [graph(`CPU by ${by}`, each('nightshift_instance_cpu_cores')), graph(`Memory by ${by}`, each('nightshift_instance_memory_bytes'), ...(all ? [] : [each('nightshift_instance_memory_limit_bytes', { name: 'limit' })]))],
      all ? byApp : byEdge,
    ],
  }
}

const machine = (name: string, fn: GraphLine['fn'] = 'avg', more: Partial<GraphLine> = {}) => line(`nightshift_machine_${name}`, fn, ['machine'], more)

export const machineBoard: DashboardSpec = {
  title: 'Machine',
  app: null,
  rows: [
    [graph('CPU', machine('cpu_seconds_total', 'rate', { where: 'mode=user,mode=system,mode=iowait,mode=steal', shareOf: '' })), graph('Memory', machine('memory_used_bytes'), machine('memory_total_bytes', 'last', { name: 'total' }))],
    [graph('Load', machine('load1', 'avg', { name: '1 min' }), machine('load15', 'avg', { name: '15 min' })), graph('Network', machine('network_received_bytes_total', 'rate', { name: 'in' }), machine('network_sent_bytes_total', 'rate', { name: 'out' }))],
    [graph('Disk, free', machine('disk_free_bytes', 'min'), machine('disk_total_bytes', 'last', { name: 'total' })), graph('Disk, read and written', machine('disk_read_bytes_total', 'rate', { name: 'read' }), machine('disk_written_bytes_total', 'rate', { name: 'written' }))],
  ],
}
