import { formatSize } from '#base/units.ts'
import { exitWords } from '#contract/exit-words.ts'
import type { AppDetail, Instance } from '#contract/model.ts'
import { type AppFlags, appAliases, appFlags, command, longFlag } from '../command.ts'
import type { Cli } from '../context.ts'
import type { Output } from '../output.ts'
import { table } from '../table.ts'
import { since, when } from '../times.ts'
import { appWords, cpu, stateStyle } from '../words.ts'

export const ps = command({
  parameters: { flags: { long: longFlag, ...appFlags }, aliases: { ...appAliases, l: 'long' } },
  examples: ['ps', 'ps -a shop -e staging', 'ps --long'],
  async run(cli: Cli, flags: AppFlags & { long: boolean }) {
    const { client, app, environment } = await cli.target(flags)
    const detail = await client.call('apps.read', { params: { app }, query: { environment } })
    if (flags.json) return cli.out.json(detail)
    show(cli.out, detail, cli.now(), flags.long)
  },
})

function show(out: Output, app: AppDetail, now: Date, long: boolean): void {
  const state = out.paint(stateStyle(app.health), app.health)
  out.line(`${appWords(app.name, app.environment)} ${app.release === null ? '' : `v${app.release} `}${state}: ${app.because}`)
  if (app.rollout !== null && app.rollout.finishedAt === null) out.line(`rollout to v${app.rollout.release} ${out.paint(stateStyle(app.rollout.state), app.rollout.state)}: ${app.rollout.because}`)
  const instances = app.services.flatMap((service) => service.instances)
  if (instances.length > 0) {
    out.line()
    instanceTable(out, instances, now, long)
  }
  const idle = app.services.filter((service) => service.instances.length === 0)
  // a stopped app has none of anything, whatever it is scaled to
  const drifting = app.settings.stopped ? [] : app.services.filter((service) => service.wanted !== service.manifestScale)
  if (idle.length + drifting.length > 0) out.line()
  for (const service of idle) out.line(`${service.name}: no instances, ${service.because}`)
  for (const service of drifting) out.line(`${service.name}: scaled to ${service.wanted} by an operator (the manifest says ${service.manifestScale})`)
}

function instanceTable(out: Output, instances: readonly Instance[], now: Date, long: boolean): void {
  table(out, instances, [
    { title: 'instance', value: (instance) => instance.name },
    { title: 'state', value: (instance) => instance.state, style: (instance) => stateStyle(instance.state) },
    { title: 'release', value: (instance) => `v${instance.release}` },
    { title: long ? 'since' : 'up', value: (instance) => (long ? when(instance.startedAt, now, true) : since(instance.startedAt, now)) },
    { title: 'restarts', value: (instance) => instance.restarts, align: 'right', style: (instance) => (instance.restarts > 0 ? 'yellow' : undefined) },
    { title: 'cpu', value: (instance) => cpu(instance.cpu), align: 'right' },
    { title: 'memory', value: (instance) => memory(instance), align: 'right' },
    { title: 'machine', value: (instance) => (long ? instance.machine : null) },
    { title: 'pid', value: (instance) => (long ? instance.pid : null), align: 'right' },
    { title: 'address', value: (instance) => (long ? instance.address : null) },
    { title: 'id', value: (instance) => (long ? instance.id : null) },
    { title: 'why', value: (instance) => why(instance, now) },
  ])
}

function memory({ memoryBytes, memoryLimitBytes }: Instance): string | null {
  if (memoryBytes === null) return null
  return memoryLimitBytes === null ? formatSize(memoryBytes) : `${formatSize(memoryBytes)} of ${formatSize(memoryLimitBytes)}`
}

/** Nothing for an instance that simply runs. */
function why(instance: Instance, now: Date): string | null {
  const retry = instance.retryAt === null ? '' : `; tried again ${when(instance.retryAt, now)}`
  // the reason tells the whole wait, as it was when it began
  if (instance.state !== 'ready') return (retry === '' ? instance.because : instance.because.replace(/; tried again in [^;]*$/, '')) + retry
  const { lastExit } = instance
  if (instance.restarts === 0 || lastExit === null) return null
  return `last ended ${when(lastExit.at, now)}: ${exitWords(lastExit)}`
}
