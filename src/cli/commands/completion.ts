import { AppError } from '#base/errors.ts'
import { nearest } from '#base/nearest.ts'
import { command, switchFlag } from '../command.ts'
import type { Cli } from '../context.ts'
import { type Shell, completionScripts, shells } from '../completion/scripts.ts'

export const completion = command({
  parameters: {
    positional: { kind: 'tuple', parameters: [{ placeholder: 'SHELL', brief: shells.join(', '), parse: shellOf, proposeCompletions: () => [...shells] }] },
    flags: { json: switchFlag('Print the script as a JSON string') },
  },
  about: 'Commands, flags, and the names of apps, services and instances. The script itself says where it belongs.',
  examples: ['completion bash'],
  async run(cli: Cli, flags: { json: boolean }, shell: Shell) {
    if (flags.json) return cli.out.json(completionScripts[shell])
    cli.out.line(completionScripts[shell])
  },
})

function shellOf(text: string): Shell {
  const found = shells.find((shell) => shell === text)
  if (found === undefined) throw new AppError('invalid', `there is no script for "${text}" (one of ${shells.join(', ')}${nearest(text, shells) === undefined ? '' : `; did you mean ${nearest(text, shells)}?`})`)
  return found
}
