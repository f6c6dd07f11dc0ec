import { formatSize } from '#base/units.ts'
import { type AppFlags, appAliases, appFlags, command, longFlag, optionalArgument } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { newestBuild } from '../../newest-build.ts'
import { facts } from '../../table.ts'
import { when } from '../../times.ts'
import { stateStyle } from '../../words.ts'
import { buildSource, buildTook } from './list.ts'

export const buildsInfo = command({
  parameters: { positional: { kind: 'tuple', parameters: [optionalArgument('BUILD', 'Id of a build; without, the newest')] }, flags: { long: longFlag, ...appFlags }, aliases: { ...appAliases, l: 'long' } },
  async run(cli: Cli, flags: AppFlags & { long: boolean }, id: string | undefined) {
    const target = await cli.target(flags)
    const build = id === undefined ? await newestBuild(target) : await target.client.call('builds.read', { params: { app: target.app, build: id }, query: { environment: target.environment } })
    if (flags.json) return cli.out.json(build)
    const now = cli.now()
    facts(cli.out, [
      ['build', build.id],
      ['state', `${cli.out.paint(stateStyle(build.state), build.state)}: ${build.because}`],
      ['source', buildSource(build)],
      ['builder', build.builder],
      ['release', build.release === null ? null : `v${build.release}`],
      ['size', build.sizeBytes === null ? null : formatSize(build.sizeBytes)],
      ['by', build.by],
      ['queued', when(build.queuedAt, now, flags.long)],
      ['started', when(build.startedAt, now, flags.long)],
      ['finished', when(build.finishedAt, now, flags.long)],
      ['took', buildTook(build, now)],
    ])
  },
})
