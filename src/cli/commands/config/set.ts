import { type AppFlags, appAliases, appFlags, argumentList, assignments, changeWaitFlag, command } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { sayChanged } from '../../changed-release.ts'

export const configSet = command({
  parameters: { positional: argumentList('NAME=VALUE', 'Variables; a value may be empty', 1), flags: { wait: changeWaitFlag, ...appFlags }, aliases: appAliases },
  about: 'All variables of one call go into one release. For what must not be read by others, use nightshift secrets set.',
  examples: ['config set LOG_LEVEL=debug', 'config set A=1 B=2 --wait'],
  async run(cli: Cli, flags: AppFlags & { wait: boolean }, ...words: string[]) {
    const body = assignments(words, 'nightshift config set LOG_LEVEL=debug')
    const target = await cli.target(flags)
    const answer = await target.client.call('config.change', { params: { app: target.app }, query: { environment: target.environment }, body })
    return sayChanged(cli, target, `${Object.keys(body).join(', ')} set`, answer, flags)
  },
})
