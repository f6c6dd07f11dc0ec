import { AppError } from '#base/errors.ts'
import { type TerminalFlags, appAliases, terminalFlags, command, proposeServicesAndInstances, switchFlag } from '../command.ts'
import type { Cli, Target } from '../context.ts'

type Flags = TerminalFlags & { noTty: boolean }

export const exec = command({
  parameters: {
    positional: { kind: 'array', parameter: { placeholder: 'INSTANCE', brief: 'An instance (web.1), or a service (web) for its first ready one; then the command, default sh', parse: String, proposeCompletions: proposeServicesAndInstances }, minimum: 1 },
    flags: { noTty: switchFlag('No terminal, even where this is one'), ...terminalFlags },
    aliases: { ...appAliases, T: 'noTty' },
  },
  about: 'Runs beside the app, in the same place, with the same environment. Exits as the command does. What follows the instance is the command’s own.',
  examples: ['exec web.1', 'exec web.1 -- ls -la', 'exec worker -- cat /proc/meminfo'],
  usage: 'INSTANCE [-- COMMAND...]',
  passthrough: 1,
  async run(cli: Cli, flags: Flags, where: string, ...words: string[]) {
    const target = await cli.target(flags)
    const instance = where.includes('.') ? where : await firstReady(target, where)
    const { runTerminal } = await import('../terminal.ts')
    return runTerminal(cli.io, target, { instance, command: words.length === 0 ? ['sh'] : words, tty: !flags.noTty && cli.io.stdin.isTTY === true && cli.io.stdout.isTTY === true })
  },
})

async function firstReady({ client, app, environment }: Target, name: string): Promise<string> {
  const detail = await client.call('apps.read', { params: { app }, query: { environment } })
  const service = detail.services.find((one) => one.name === name)
  if (service === undefined) throw new AppError('not-found', `${app} has no service "${name}" (it has: ${detail.services.map((one) => one.name).join(', ') || 'none'})`)
  const ready = service.instances.find((instance) => instance.state === 'ready')
  if (ready === undefined) throw new AppError('conflict', `no instance of ${name} is ready: ${service.because} (a fresh one: nightshift run -s ${name})`)
  return ready.name
}
