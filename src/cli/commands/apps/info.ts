import type { AppDetail } from '#contract/model.ts'
import { type AppFlags, appAliases, appFlags, command, longFlag, optionalArgument } from '../../command.ts'
import type { Cli } from '../../context.ts'
import type { Output } from '../../output.ts'
import { facts, table } from '../../table.ts'
import { when } from '../../times.ts'
import { percent, rate, stateStyle } from '../../words.ts'

export const appsInfo = command({
  parameters: { positional: { kind: 'tuple', parameters: [optionalArgument('APP', 'Instead of --app')] }, flags: { long: longFlag, ...appFlags }, aliases: { ...appAliases, l: 'long' } },
  async run(cli: Cli, flags: AppFlags & { long: boolean }, name: string | undefined) {
    const { client, app, environment } = await cli.target({ ...flags, app: name ?? flags.app })
    const detail = await client.call('apps.read', { params: { app }, query: { environment } })
    if (flags.json) return cli.out.json(detail)
    show(cli.out, detail, cli.now(), flags.long)
  },
})

function show(out: Output, app: AppDetail, now: Date, exact: boolean): void {
  facts(out, [
    ['app', app.name],
    ['environment', app.environments.length > 1 ? `${app.environment} (of ${app.environments.join(', ')})` : app.environment],
    ['health', `${out.paint(stateStyle(app.health), app.health)}: ${app.because}`],
    ['release', app.release === null ? 'none yet' : `v${app.release}, deployed ${when(app.deployedAt, now, exact) ?? 'never'}`],
    ['rollout', app.rollout === null || app.rollout.finishedAt !== null ? null : `to v${app.rollout.release}: ${app.rollout.state}, ${app.rollout.because}`],
    ['url', app.url],
    ['traffic', app.url === null ? null : `${rate(app.requestRate)}, errors ${percent(app.errorShare)}`],
    ['git', app.gitUrl],
    ['deploy branch', `${app.settings.deployBranch}${app.settings.allowForcePush ? ', force pushes allowed' : ''}`],
    ['created', when(app.createdAt, now, exact)],
  ])
  if (app.services.length > 0) {
    out.line()
    table(out, app.services, [
      { title: 'service', value: (service) => service.name },
      { title: 'health', value: (service) => service.health, style: (service) => stateStyle(service.health) },
      { title: 'ready', value: (service) => `${service.ready}/${service.wanted}`, align: 'right' },
      { title: 'protocol', value: (service) => service.protocol },
      { title: 'needs', value: (service) => service.needs.join(', ') },
      { title: 'volumes', value: (service) => service.volumes.join(', ') },
      { title: 'urls', value: (service) => service.urls.join(' ') },
      { title: 'command', value: (service) => (exact ? service.command : null) },
    ])
  }
  if (app.volumes.length > 0) {
    out.line()
    table(out, app.volumes, [
      { title: 'volume', value: (volume) => volume.name },
      { title: 'machine', value: (volume) => volume.machine },
      { title: 'used by', value: (volume) => (volume.orphan ? 'nobody (orphan)' : volume.services.join(', ')), style: (volume) => (volume.orphan ? 'yellow' : undefined) },
      { title: 'created', value: (volume) => when(volume.createdAt, now, exact) },
    ])
  }
}
