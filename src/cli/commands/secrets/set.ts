import { AppError } from '#base/errors.ts'
import { type AppFlags, appAliases, appFlags, argumentList, changeWaitFlag, command } from '../../command.ts'
import { sayChanged } from '../../changed-release.ts'
import type { Cli } from '../../context.ts'
import { UsageError } from '../../errors.ts'
import { askHidden, readStdin } from '../../prompt.ts'

const maxBytes = 32_768

export const secretsSet = command({
  parameters: { positional: argumentList('NAME', 'NAME (the value is asked for, or read from stdin) or NAME=VALUE', 1), flags: { wait: changeWaitFlag, ...appFlags }, aliases: appAliases },
  about: 'A value on the command line can be read by others on this machine and stays in the shell’s history: better leave it out. Secrets are kept encrypted and never answered.',
  examples: ['secrets set STRIPE_KEY', 'secrets set TLS_KEY < key.pem'],
  async run(cli: Cli, flags: AppFlags & { wait: boolean }, ...words: string[]) {
    const target = await cli.target(flags)
    const body = await valuesOf(cli, words)
    const answer = await target.client.call('secrets.change', { params: { app: target.app }, query: { environment: target.environment }, body })
    return sayChanged(cli, target, `${Object.keys(body).join(', ')} set`, answer, flags)
  },
})

async function valuesOf(cli: Cli, words: readonly string[]): Promise<Record<string, string>> {
  const values: Record<string, string> = {}
  const open = words.filter((word) => !word.includes('='))
  for (const word of words) {
    const at = word.indexOf('=')
    if (at === 0) throw new UsageError(`"${word}" has no name before the = (write: nightshift secrets set NAME)`)
    if (at > 0) values[word.slice(0, at)] = word.slice(at + 1)
  }
  if (cli.out.interactive) for (const name of open) values[name] = await askHidden(cli.io, `Value of ${name} (not shown): `)
  else if (open.length === 1) values[open[0] as string] = await readStdin(cli.io, maxBytes)
  else if (open.length > 1) throw new UsageError(`stdin can hold the value of one secret, not of ${open.length} (call this once for each)`)
  for (const name of open) if (values[name] === '') throw new AppError('invalid', `the value of ${name} is empty: nothing was changed (to take it away: nightshift secrets unset ${name})`)
  return values
}
