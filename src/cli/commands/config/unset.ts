import { type AppFlags, appAliases, appFlags, argumentList, changeWaitFlag, command } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { sayChanged } from '../../changed-release.ts'

export const configUnset = command({
  parameters: { positional: argumentList('NAME', 'Variables', 1), flags: { wait: changeWaitFlag, ...appFlags }, aliases: appAliases },
  examples: ['config unset LOG_LEVEL'],
  async run(cli: Cli, flags: AppFlags & { wait: boolean }, ...names: string[]) {
    const target = await cli.target(flags)
    const body = Object.fromEntries(names.map((name) => [name, null]))
    const answer = await target.client.call('config.change', { params: { app: target.app }, query: { environment: target.environment }, body })
    return sayChanged(cli, target, `${names.join(', ')} unset`, answer, flags)
  },
})
