/**
 * `npm start`: everything embedded, in one terminal. Builds the console, starts Nightshift with its data in ./.nightshift,
 * deploys examples/shop, and says what to look at. Ctrl-C stops all of it, the shop too, and leaves no process.
 * Takes the flags of `nightshift up`; of another data folder only --home is heard, not NIGHTSHIFT_HOME.
 */
import { spawn } from 'node:child_process'
import { join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { isAppError, messageOf } from '#base/errors.ts'
import { formatDuration } from '#base/units.ts'
import { createClient } from '#contract/client.ts'
import { readKey } from '#up/home.ts'
import { parseProcessOptions, usageOf } from '#up/options.ts'
import { type Ready, runUp } from '#up/up.ts'
import { version } from '#up/version.ts'
import { buildConsole } from './console-build.ts'

const root = join(import.meta.dirname, '..')
const say = (text: string) => void process.stdout.write(`${text}\n`)

let stepAt = performance.now()
/** One calm line a step, with the time it took. */
function step(text: string): void {
  const now = performance.now()
  say(`  ✓ ${text.padEnd(44)} ${formatDuration(now - stepAt).padStart(7)}`)
  stepAt = now
}

/** Deploys the shop with the command line, as anybody would. Rejects with the last words of a deploy that failed. */
function deployShop(home: string, signal: AbortSignal): Promise<void> {
  const args = [join(root, 'src', 'main.ts'), 'deploy', join(root, 'examples', 'shop'), '--home', home, '--app', 'shop', '--json']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true }) // detached: Ctrl-C is ours to pass on
  const abort = () => child.kill('SIGINT')
  signal.addEventListener('abort', abort)
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  let failure = ''
  const words: Record<string, string> = { built: 'the shop is built', started: 'its instances are started', healthy: 'they are healthy' }
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = JSON.parse(line) as { step?: string; state?: string; detail?: string }
    if (event.state === 'failed') failure = `${event.step}: ${event.detail}`
    const text = words[event.step ?? '']
    if (text !== undefined && event.state !== 'failed') {
      delete words[event.step ?? '']
      step(text)
    }
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      signal.removeEventListener('abort', abort)
      if (code === 0) resolve()
      else reject(new Error(failure || errors.trim() || `deploy ended with code ${code}`))
    })
  })
}

async function webPid(ready: Ready, home: string): Promise<number | null> {
  const client = createClient({ baseUrl: ready.api, token: readKey(home, 'admin.token') })
  const app = await client.call('apps.read', { params: { app: 'shop' }, query: { environment: 'production' } })
  return app.services.flatMap((service) => service.instances).find((each) => each.name === 'web.1')?.pid ?? null
}

async function show(ready: Ready, home: string, signal: AbortSignal): Promise<void> {
  await deployShop(home, signal)
  step('the shop serves')
  const pid = await webPid(ready, home).catch(() => null)
  const folder = relative(process.cwd(), home) || home
  say(`
  shop      ${ready.ingress.replace('//', '//shop.')}
  console   ${ready.loginUrl}
            (this link works once; another: ./bin/nightshift login-link)

Three things to try, in another terminal, after: export NIGHTSHIFT_HOME=${folder.startsWith('..') ? home : `"$PWD/${folder}"`}
  1. Buy something, and watch it being packed:        ./bin/nightshift logs -f -a shop
  2. Kill a part of the shop while you reload it:     ${pid === null ? './bin/nightshift ps -a shop' : `kill -9 ${pid}; ./bin/nightshift ps -a shop`}
  3. Change examples/shop/web/page.js, and ship it:   ./bin/nightshift deploy examples/shop

Ctrl-C stops everything, the shop too.
`)
}

/** A parent that dies without passing a signal on (npm killed) must not leave us running unseen. */
function endWithParent(): void {
  const parent = process.ppid
  setInterval(() => process.ppid !== parent && process.kill(process.pid, 'SIGTERM'), 1000).unref()
}

async function main(): Promise<number> {
  // a home of the shell is somebody's own: the demo would put its shop there, and stop that home's apps at its end
  const env = { ...process.env, NIGHTSHIFT_HOME: join(root, '.nightshift') }
  const options = { ...parseProcessOptions('up', process.argv.slice(2), env), stopAppsOnExit: true }
  if (options.help) {
    say(`npm start: Nightshift with an example shop in this terminal, its data in ./.nightshift. After -- it takes flags of: ${usageOf('up')}`)
    return 0
  }
  options.driver ??= 'process' // needs nothing but this machine
  options.httpHost ??= '127.0.0.1' // a demo is for whoever sits here
  say(`Nightshift ${version}\n`)
  if (await buildConsole()) step('the console is built')
  else stepAt = performance.now()

  const interrupted = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => interrupted.abort(new Error('interrupted')))
  endWithParent()
  const told = new Set<string>()
  return runUp(options, {
    say,
    movablePorts: true,
    onChange(view) {
      for (const each of view) {
        if (each.health !== 'ready' || told.has(each.name)) continue
        told.add(each.name)
        step(`${each.name} is ready`)
      }
    },
    onReady(ready) {
      show(ready, options.home, interrupted.signal).catch((error: unknown) => {
        if (interrupted.signal.aborted) return
        say(`\nThe shop could not be deployed: ${messageOf(error)}`)
        say(`The console is at ${ready.loginUrl}; Ctrl-C stops everything.`)
        process.exitCode = 1
      })
    },
  })
}

try {
  const code = await main()
  process.exit(code || process.exitCode)
} catch (error) {
  process.stderr.write(`error: ${isAppError(error) ? error.message : error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(1)
}
