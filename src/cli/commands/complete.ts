import { argumentList, command } from '../command.ts'
import type { Cli } from '../context.ts'
import { harmless } from '../output.ts'

/** What the completion scripts ask: one proposal a line, a tab, and what it is. */
export const complete = command({
  parameters: { positional: argumentList('WORD', 'Words after nightshift; the last one is unfinished') },
  passthrough: 0,
  async run(cli: Cli, _flags: Record<never, unknown>, ...words: string[]) {
    const { propose } = await import('../completion/propose.ts')
    for (const { text, brief } of await propose(cli.io, words)) cli.out.line(`${harmless(text)}\t${brief}`)
  },
})
