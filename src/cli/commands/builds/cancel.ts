import { AppError } from '#base/errors.ts'
import { type AppFlags, appAliases, appFlags, command, optionalArgument } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { isUnderWay, newestBuild } from '../../newest-build.ts'

export const buildsCancel = command({
  parameters: { positional: { kind: 'tuple', parameters: [optionalArgument('BUILD', 'Id of a build; without, the newest, if it is under way')] }, flags: appFlags, aliases: appAliases },
  async run(cli: Cli, flags: AppFlags, id: string | undefined) {
    const target = await cli.target(flags)
    const { client, app, environment } = target
    const build = id ?? (await newestUnderWay())
    const answer = await client.call('builds.cancel', { params: { app, build }, query: { environment } })
    if (flags.json) return cli.out.json(answer)
    cli.out.line(`${answer.id} ${answer.state}: ${answer.because}`)

    async function newestUnderWay(): Promise<string> {
      const newest = await newestBuild(target)
      if (!isUnderWay(newest)) throw new AppError('conflict', `no build is under way: the newest, ${newest.id}, ${newest.state} already`)
      return newest.id
    }
  },
})
