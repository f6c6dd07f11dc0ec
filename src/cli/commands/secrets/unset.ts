import { type AppFlags, appAliases, appFlags, argumentList, changeWaitFlag, command } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { sayChanged } from '../../changed-release.ts'

export const secretsUnset = command({
  parameters: { positional: argumentList('NAME', 'Secrets', 1), flags: { wait: changeWaitFlag, ...appFlags }, aliases: appAliases },
  examples: ['secrets unset STRIPE_KEY'],
  async run(cli: Cli, flags: AppFlags & { wait: boolean }, ...names: string[]) {
    const target = await cli.target(flags)
    const body = Object.fromEntries(names.map((name) => [name, null]))
    const answer = await target.client.call('secrets.change', { params: { app: target.app }, query: { environment: target.environment }, body })
    return sayChanged(cli, target, `${names.join(', ')} unset`, answer, flags)
  },
})
