import { spawn } from 'node:child_process'
import { AppError } from '#base/errors.ts'
import { type AppFlags, appAliases, appFlags, command, switchFlag } from '../command.ts'
import type { Cli } from '../context.ts'
import { appWords, appWordsAsFlags } from '../words.ts'

export const open = command({
  parameters: { flags: { console: switchFlag('The console, logged in, instead of the app'), ...appFlags }, aliases: appAliases },
  about: 'Prints the address, and opens it where there is a browser and a terminal.',
  examples: ['open', 'open --console'],
  async run(cli: Cli, flags: AppFlags & { console: boolean }) {
    const { url, answer } = flags.console ? await consoleUrl(cli, flags) : await appUrl(cli, flags)
    if (flags.json) return cli.out.json(answer)
    cli.out.line(url)
    if (cli.io.stdout.isTTY === true) launch(url, cli.io.env)
  },
})

async function consoleUrl(cli: Cli, flags: AppFlags): Promise<{ url: string; answer: unknown }> {
  const { client } = await cli.connect(flags)
  const link = await client.call('login.link', {})
  return { url: link.url, answer: link }
}

async function appUrl(cli: Cli, flags: AppFlags): Promise<{ url: string; answer: unknown }> {
  const { client, app, environment } = await cli.target(flags)
  const detail = await client.call('apps.read', { params: { app }, query: { environment } })
  const url = detail.url ?? detail.services.flatMap((service) => service.urls)[0]
  if (url === undefined) throw new AppError('not-found', `${appWords(app, environment)} is not served anywhere: ${detail.because} (a service named web, or one with domains, gets an address; nightshift domains add HOST ${appWordsAsFlags(app, environment)})`)
  return { url, answer: detail }
}

/** The URL is one argument of the opener, never part of a shell line; anything but http(s) isn't opened. */
function launch(url: string, env: Cli['io']['env']): void {
  if (!/^https?:\/\//.test(url)) return
  const [opener, ...args] = process.platform === 'darwin' ? ['open'] : env['DISPLAY'] || env['WAYLAND_DISPLAY'] ? ['xdg-open'] : []
  if (opener === undefined) return
  const child = spawn(opener, [...args, url], { stdio: 'ignore', detached: true })
  child.on('error', () => {}) // no opener there: the address is printed already
  child.unref()
}
