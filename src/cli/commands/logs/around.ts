import { type ServerFlags, argument, command, numberFlag, serverFlags, switchFlag } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { logFormatter } from '../../log-lines.ts'

const places = ['instance', 'service', 'app'] as const
type Flags = ServerFlags & { same: (typeof places)[number] | undefined; number: number | undefined; raw: boolean }

export const logsAround = command({
  parameters: {
    flags: { same: { kind: 'enum', values: places, optional: true, brief: 'Lines of the same instance, service (default) or app' }, number: numberFlag('N', 'How many lines on each side; default 20', { min: 1, max: 500 }), raw: switchFlag('Lines as they were written'), ...serverFlags },
    aliases: { n: 'number' },
    positional: { kind: 'tuple', parameters: [argument('CURSOR', 'The line: "cursor" in logs --json')] },
  },
  examples: ['logs around 0mhvbo2q80000000a3f --same instance'],
  async run(cli: Cli, flags: Flags, cursor: string) {
    const { client } = await cli.connect(flags)
    const found = await client.call('logs.context', { query: { cursor, same: flags.same ?? 'service', lines: flags.number ?? 20 } })
    if (flags.json) return cli.out.json(found)
    const format = logFormatter({ paint: cli.out.paint, colour: cli.out.colour, long: false, raw: flags.raw, now: cli.now() })
    for (const line of found.lines) cli.out.line(`${line.cursor === cursor ? cli.out.paint('bold', '>') : ' '} ${format(line)}`)
  },
})
