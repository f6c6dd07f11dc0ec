import { command, longFlag, serverFlags, type ServerFlags } from '../command.ts'
import type { Cli } from '../context.ts'
import { harmless } from '../output.ts'
import { table } from '../table.ts'
import { when } from '../times.ts'

export const loops = command({
  parameters: { flags: { long: longFlag, ...serverFlags }, aliases: { l: 'long' } },
  about: 'Control works in loops that read everything anew each turn. Where nothing happens, one of them says what it waits for.',
  async run(cli: Cli, flags: ServerFlags & { long: boolean }) {
    const { client } = await cli.connect(flags)
    const list = await client.call('loops.list')
    if (flags.json) return cli.out.json(list)
    if (list.length === 0) return cli.out.line('Control has just been started: its loops have not told anything yet')
    const now = cli.now()
    table(cli.out, list, [
      { title: 'loop', value: (loop) => loop.name },
      { title: 'last turn', value: (loop) => when(loop.startedAt, now, flags.long) },
      { title: 'took', value: (loop) => `${loop.tookMs} ms`, align: 'right' },
      { title: 'waits for', value: (loop) => (loop.waiting.length === 0 ? null : loop.waiting.length), align: 'right' },
    ])
    for (const { name, errors, actions, waiting } of list) {
      const words = [...errors.map((one) => cli.out.paint('red', harmless(one))), ...actions.map((one) => harmless(one)), ...waiting.map((one) => cli.out.paint('dim', harmless(one)))]
      if (words.length > 0) cli.out.line(`\n${cli.out.paint('bold', name)}`)
      for (const line of words) cli.out.line(`  ${line}`)
    }
  },
})
