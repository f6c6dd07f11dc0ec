import { pausedName } from '#contract/pause-words.ts'
import { command, longFlag, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { harmless } from '../../output.ts'
import { table } from '../../table.ts'
import { when } from '../../times.ts'

export const healPauses = command({
  parameters: { flags: { long: longFlag, ...serverFlags }, aliases: { l: 'long' } },
  async run(cli: Cli, flags: ServerFlags & { long: boolean }) {
    const { client } = await cli.connect(flags)
    const { pauses } = await client.call('healing.overview')
    if (flags.json) return cli.out.json(pauses)
    if (pauses.length === 0) return cli.out.line('Healing is paused nowhere')
    table(cli.out, pauses, [
      { title: 'id', value: (one) => one.id },
      { title: 'of', value: pausedName },
      { title: 'until', value: (one) => when(one.until, cli.now(), flags.long) },
      { title: 'by', value: (one) => harmless(one.by) },
      { title: 'because', value: (one) => harmless(one.because) },
    ])
  },
})
