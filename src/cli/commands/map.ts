import type { MapView } from '#contract/model.ts'
import { type AppFlags, appAliases, appFlags, command, switchFlag } from '../command.ts'
import type { Cli } from '../context.ts'
import type { Output } from '../output.ts'
import { parsePoint } from '../since.ts'
import { localTime } from '../times.ts'
import { appWords, milliseconds, percent, rate, stateStyle } from '../words.ts'
import { checkNamedApp } from '../named-app.ts'

type Service = MapView['services'][number]
type Edge = MapView['edges'][number]

export const map = command({
  parameters: { flags: { at: { kind: 'parsed', parse: parsePoint, optional: true, placeholder: 'TIME', brief: 'As it was then: 2h, or 2026-03-29T03:12' }, all: switchFlag('All apps, also where the folder names one'), ...appFlags }, aliases: appAliases },
  about: 'Of one app where one is chosen, else of all. With --json, of all always.',
  examples: ['map', 'map --all', 'map --at 2026-03-29T03:12'],
  async run(cli: Cli, flags: AppFlags & { all: boolean; at: Date | undefined }) {
    const chosen = flags.all ? undefined : await cli.appChoice(flags)
    const { client } = await cli.connect(flags)
    const view = await client.call('map.read', { query: flags.at === undefined ? {} : { at: flags.at.toISOString() } })
    if (flags.json) return cli.out.json(view)
    const services = view.services.filter((service) => (chosen === undefined || service.app === chosen.app) && (flags.env === undefined || service.environment === flags.env))
    if (!view.live) cli.out.line(`As it was at ${localTime(view.at)}`)
    for (const one of view.missing) cli.out.note(one)
    if (services.length === 0) await checkNamedApp(client, chosen?.app)
    if (services.length === 0) return cli.out.line(view.live ? 'Nothing on the map yet: nightshift deploy puts an app there' : 'Nothing is known of that moment')
    const groups = Map.groupBy(services, (service) => `${service.app}/${service.environment}`)
    let first = true
    for (const members of groups.values()) {
      if (!first) cli.out.line()
      first = false
      showApp(cli.out, members, view.edges)
    }
    if (chosen === undefined) {
      cli.out.line()
      for (const machine of view.machines) cli.out.line(`${cli.out.paint('dim', 'machine')}  ${machine.name} ${cli.out.paint(stateStyle(machine.state), machine.state)}, ${machine.driver}, ${machine.instances} instances`)
    }
  },
})

function showApp(out: Output, services: readonly Service[], edges: readonly Edge[]): void {
  const { app, environment } = services[0] as Service
  out.line(out.paint('bold', appWords(app, environment)))
  const width = Math.max(...services.map((service) => service.service.length))
  for (const service of services) {
    const mine = edges.filter((edge) => edge.app === app && edge.environment === environment)
    const ingress = mine.find((edge) => edge.from === null && edge.fromApp === null && edge.to === service.service)
    out.line(`  ${service.service.padEnd(width)}  ${out.paint(stateStyle(service.health), service.health)} ${service.ready}/${service.wanted} ${dots(out, service)}${ingress === undefined ? '' : `  ingress ${figures(ingress)}`}`.trimEnd())
    for (const edge of mine.filter(({ from, fromApp }) => from === service.service && fromApp === null)) out.line(`  ${' '.repeat(width)}  └ ${edge.protocol} → ${edge.to}  ${figures(edge)}`)
  }
}

/** One mark an instance: ● ready, ◐ on its way, ✗ in trouble. */
function dots(out: Output, service: Service): string {
  return service.instances
    .map(({ state }) => (state === 'ready' ? '●' : out.paint(stateStyle(state), state === 'unhealthy' || state === 'backoff' || state === 'held' ? '✗' : '◐')))
    .join('')
}

function figures(edge: Edge): string {
  if (edge.requestRate === 0) return 'quiet'
  return [rate(edge.requestRate), `errors ${percent(edge.errorShare)}`, ...(edge.p95Ms === null ? [] : [`p95 ${milliseconds(edge.p95Ms)}`])].join(', ')
}
