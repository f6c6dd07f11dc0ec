import { tellsFailure } from '#contract/build-words.ts'
import { type AppFlags, appAliases, appFlags, command, optionalArgument } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { follow, lostLine } from '../../follow.ts'
import { isUnderWay, newestBuild } from '../../newest-build.ts'
import { harmless } from '../../output.ts'

export const buildsLog = command({
  parameters: { positional: { kind: 'tuple', parameters: [optionalArgument('BUILD', 'Id of a build; without, the newest')] }, flags: appFlags, aliases: appAliases },
  about: 'Follows a build that is under way until it has ended. Exits 1 if the build failed or was cancelled.',
  async run(cli: Cli, flags: AppFlags, id: string | undefined) {
    const target = await cli.target(flags)
    const { client, app, environment } = target
    const input = { params: { app, build: id ?? (await newestBuild(target)).id }, query: { environment } }
    const isOver = async (): Promise<boolean> => !isUnderWay(await client.call('builds.read', input))
    let last: string | undefined
    for await (const entry of follow(client, 'builds.log', input, { isOver, onLost: () => cli.out.note(lostLine) })) {
      if (flags.json) cli.out.jsonLine(entry)
      else cli.out.line(harmless(entry.text, cli.out.colour))
      last = entry.text
    }
    const build = await client.call('builds.read', input)
    if (build.state !== 'succeeded') cli.out.note(`${build.id} ${build.state}${build.state === 'failed' && !flags.json && tellsFailure(last, build.because) ? '' : `: ${build.because}`}`)
    return build.state === 'failed' || build.state === 'cancelled' ? 1 : 0
  },
})
