import { argument, command, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'

export const forwardsTest = command({
  parameters: { positional: { kind: 'tuple', parameters: [argument('ID', 'An id of nightshift forwards')] }, flags: serverFlags },
  about: 'Exits with 1 when it does not take the sample.',
  async run(cli: Cli, flags: ServerFlags, id: string) {
    const { client } = await cli.connect(flags)
    const answer = await client.call('forwards.test', { params: { id } })
    if (flags.json) cli.out.json(answer)
    else cli.out.line(`${answer.because} (${answer.tookMs} ms)`)
    return answer.ok ? 0 : 1
  },
})
