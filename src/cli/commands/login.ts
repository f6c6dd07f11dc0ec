import { AppError } from '#base/errors.ts'
import { createClient } from '#contract/client.ts'
import { command, serverFlags, type ServerFlags } from '../command.ts'
import type { Cli } from '../context.ts'
import { httpFetch } from '../http-fetch.ts'
import { ask, askHidden, readStdin } from '../prompt.ts'
import { saveLogin } from '../saved-login.ts'
import { apiUrl, chooseServer } from '../server-choice.ts'

export const login = command({
  parameters: { flags: serverFlags },
  about: 'Asks for a token (made in the console, or with nightshift tokens create where one is logged in already), tries it, and saves it for this user. In a script, the token is read from stdin.',
  examples: ['login --url https://nightshift.example.com', 'login --home /var/lib/nightshift', 'login --url https://nightshift.example.com < token.txt'],
  async run(cli: Cli, flags: ServerFlags) {
    const { url, token } = await credential(cli, flags)
    if (token === '') throw new AppError('invalid', 'the token is empty: nothing was saved')
    const info = await createClient({ baseUrl: url, token, fetch: httpFetch }).call('system.info')
    const file = await saveLogin(cli.io.env, { url, token })
    if (flags.json) return cli.out.json(info)
    cli.out.line(`Logged in to ${url} as ${info.actor.name} (${info.access}); saved in ${file}`)
    if (url.startsWith('http:') && !isLoopback(new URL(url).hostname)) cli.out.warn('http:// sends the token in the clear; anyone on the way can read it')
  },
})

async function credential(cli: Cli, flags: ServerFlags): Promise<{ url: string; token: string }> {
  if (flags.home !== undefined) {
    const choice = await chooseServer(flags, {})
    return { url: choice.url, token: choice.token ?? '' }
  }
  const { interactive } = cli.out
  const named = flags.url ?? cli.io.env['NIGHTSHIFT_URL']
  if (!named && !interactive) throw new AppError('invalid', 'log in to which Nightshift? (nightshift login --url URL)')
  const url = apiUrl(named || (await ask(cli.io, 'Address of the Nightshift (https://…): ')).trim())
  const given = flags.token ?? cli.io.env['NIGHTSHIFT_TOKEN']
  if (given) return { url, token: given }
  if (interactive) {
    cli.out.note(`Make a token in the console (${url}, Settings), or on its machine: nightshift tokens create ${cli.io.env['USER'] ?? 'me'} --scope admin`)
    return { url, token: (await askHidden(cli.io, 'Token (not shown): ')).trim() }
  }
  return { url, token: (await readStdin(cli.io, 4096)).trim() }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host.startsWith('127.') || host === '[::1]'
}
