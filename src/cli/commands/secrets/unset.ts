import { type AppFlags, appAliases, appFlags, argumentList, command, switchFlag } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { sayChanged } from '../../changed-release.ts'

export const secretsUnset = command({
  parameters: { positional: argumentList('NAME', 'Secrets', 1), flags: { wait: switchFlag('Follow the rollout until it is done'), ...appFlags }, aliases: appAliases },
  examples: ['secrets unset STRIPE_KEY'],
  async run(cli: Cli, flags: AppFlags & { wait: boolean }, ...names: string[]) {
    const target = await cli.target(flags)
    const body = Object.fromEntries(names.map((name) => [name, null]))
    const answer = await target.client.call('secrets.change', { params: { app: target.app }, query: { environment: target.environment }, body })
    if (flags.json) return cli.out.json(answer)
    return sayChanged(cli, target, `${names.join(', ')} unset`, answer, flags)
  },
})
