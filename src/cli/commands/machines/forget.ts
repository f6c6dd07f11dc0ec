import { argument, command, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { proposeMachines } from '../../machine-tags.ts'

export const machinesForget = command({
  parameters: { positional: { kind: 'tuple', parameters: [{ ...argument('MACHINE', 'A lost machine of nightshift machines'), proposeCompletions: proposeMachines }] }, flags: serverFlags },
  about: 'For a machine that never comes back. What ran there starts elsewhere; what owns a volume there waits for it.',
  examples: ['machines forget node-3'],
  async run(cli: Cli, flags: ServerFlags, machine: string) {
    const { client } = await cli.connect(flags)
    const answer = await client.call('machines.forget', { params: { machine } })
    if (flags.json) return cli.out.json(answer)
    cli.out.line(`${answer.name} is forgotten`)
  },
})
