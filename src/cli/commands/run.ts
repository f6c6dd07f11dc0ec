import { type TerminalFlags, appAliases, terminalFlags, argumentList, command, proposeServices, switchFlag } from '../command.ts'
import type { Cli } from '../context.ts'

type Flags = TerminalFlags & { service: string | undefined; noTty: boolean }

export const run = command({
  parameters: {
    positional: argumentList('COMMAND', 'The command and its arguments', 1),
    flags: {
      service: { kind: 'parsed', parse: String, optional: true, placeholder: 'NAME', brief: 'Run it as this service; default web', proposeCompletions: proposeServices },
      noTty: switchFlag('No terminal, even where this is one'),
      ...terminalFlags,
    },
    aliases: { ...appAliases, s: 'service', T: 'noTty' },
  },
  about: 'Starts a fresh instance of the active release, with its config and secrets but without its volumes and port, and removes it when the command ends. Exits as the command does. What follows the first word is the command’s own.',
  examples: ['run -- npm run migrate', 'run sh', 'run -s worker -- node scripts/report.js > report.csv'],
  usage: '-- COMMAND...',
  passthrough: 0,
  async run(cli: Cli, flags: Flags, ...words: string[]) {
    const target = await cli.target(flags)
    const { runTerminal } = await import('../terminal.ts')
    return runTerminal(cli.io, target, { command: words, tty: !flags.noTty && cli.io.stdin.isTTY === true && cli.io.stdout.isTTY === true, ...(flags.service === undefined ? {} : { service: flags.service }) })
  },
})
