import { formatSize } from '#base/units.ts'
import { command, longFlag, serverFlags, type ServerFlags, textFlag } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { table } from '../../table.ts'
import { when } from '../../times.ts'
import { stateStyle } from '../../words.ts'

export const machinesList = command({
  parameters: { flags: { where: textFlag('QUERY', 'Only those that it matches (docs/selectors.md)'), long: longFlag, ...serverFlags }, aliases: { l: 'long' } },
  examples: ['machines', "machines --where 'tag:db -node:test*'"],
  async run(cli: Cli, flags: ServerFlags & { where: string | undefined; long: boolean }) {
    const { client } = await cli.connect(flags)
    const list = await client.call('machines.list', { query: { query: flags.where } })
    if (flags.json) return cli.out.json(list)
    if (list.length === 0 && flags.where !== undefined) return cli.out.line(`No machine matches ${flags.where} (see all: nightshift machines)`)
    if (list.length === 0) return cli.out.line('No machine has connected yet: nightshift up starts an agent on this one')
    const now = cli.now()
    table(cli.out, list, [
      { title: 'machine', value: (machine) => machine.name },
      { title: 'state', value: (machine) => machine.state, style: (machine) => stateStyle(machine.state) },
      { title: 'tags', value: (machine) => machine.tags.join(',') },
      { title: 'driver', value: (machine) => machine.driver },
      { title: 'cpus', value: (machine) => machine.cpus, align: 'right' },
      { title: 'memory', value: (machine) => formatSize(machine.memoryBytes), align: 'right' },
      { title: 'instances', value: (machine) => machine.instances, align: 'right' },
      { title: 'seen', value: (machine) => when(machine.lastSeenAt, now, flags.long) },
      { title: 'version', value: (machine) => machine.version },
      { title: 'os', value: (machine) => (flags.long ? machine.os : null) },
    ])
    for (const machine of list) for (const limit of machine.limits) cli.out.line(`${machine.name} cannot: ${limit}`)
  },
})
