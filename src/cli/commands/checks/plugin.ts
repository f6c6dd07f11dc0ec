import path from 'node:path'
import { argument, command, serverFlags, type ServerFlags, textFlag } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { readNamed } from '../../named-file.ts'

export const checksPlugin = command({
  parameters: { positional: { kind: 'tuple', parameters: [argument('FILE', 'A Nagios or Cloudkick plugin: a script with #!, or a program; 1 MB at most')] }, flags: { name: textFlag('NAME', 'Its name; default: that of the file'), ...serverFlags }, aliases: { n: 'name' } },
  about: 'Adds or replaces a plugin. It is signed; machines verify it before they run it, as a user without rights, with limits of time, memory and output.',
  examples: ['checks plugin ./check_queue.py'],
  async run(cli: Cli, flags: ServerFlags & { name: string | undefined }, file: string) {
    const content = await readNamed(cli, file)
    const { client } = await cli.connect(flags)
    const made = await client.call('plugins.put', { params: { plugin: flags.name ?? path.basename(file) }, body: { content: content.toString('base64') } })
    if (flags.json) return cli.out.json(made)
    cli.out.line(`the plugin ${made.name} is there; nightshift checks add plugin ${made.name}`)
  },
})
