import { command } from '../command.ts'
import type { Cli } from '../context.ts'

/** Prints what docs/cli.md holds. */
export const cliReference = command({
  parameters: {},
  async run(cli: Cli, _flags: Record<never, unknown>) {
    const { cliReferencePage } = await import('../reference.ts')
    cli.io.stdout.write(await cliReferencePage())
  },
})
