import { argument, command, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { proposeMachines, tagsOf } from '../../machine-tags.ts'

export const machinesTag = command({
  parameters: { positional: { kind: 'tuple', parameters: [{ ...argument('MACHINE', 'A machine of nightshift machines'), proposeCompletions: proposeMachines }, argument('TAGS', 'One or more, with commas between: db,eu')] }, flags: serverFlags },
  about: 'Queries name machines by their tags: nightshift find tag:db.',
  examples: ['machines tag node-1 db,eu'],
  async run(cli: Cli, flags: ServerFlags, machine: string, tags: string) {
    const { client } = await cli.connect(flags)
    const answer = await client.call('machines.tag', { params: { machine }, body: { add: tagsOf(tags) } })
    if (flags.json) return cli.out.json(answer)
    cli.out.line(`${answer.name} has the tags ${answer.tags.join(', ')}`)
  },
})
