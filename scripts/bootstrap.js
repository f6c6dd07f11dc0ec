// The first step of every npm script, in plain JavaScript, so that it runs on any Node from 20 on:
// it makes node_modules match package-lock.json, then goes on with the pinned Node (npm package `node`).
// It holds no logic of the product. Several at once are safe: one installs, the others wait for it.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = join(root, 'node_modules')
const pinnedNode = join(modules, 'node', 'bin', 'node')
const stampFile = join(modules, '.nightshift-stamp')
const compileCache = join(modules, '.cache', 'nightshift')
const lockFile = join(root, '.install.lock')

/** Task → the script that the pinned Node runs. `ensure` only installs. */
const tasks = {
  ensure: [],
  demo: ['scripts/demo.ts'],
  test: ['scripts/test.ts'],
  check: ['scripts/check.ts'],
  console: ['scripts/console.ts'],
  generate: ['scripts/generate.ts'],
  bench: ['bench/run.ts'],
  soak: ['bench/soak.ts'],
}

function say(text) {
  process.stderr.write(`nightshift: ${text}\n`)
}

function fail(text) {
  say(text)
  process.exit(1)
}

/** What node_modules must hold: the lock file, for this platform. */
function wantedStamp() {
  const lock = fs.readFileSync(join(root, 'package-lock.json'))
  return `${createHash('sha256').update(lock).digest('hex')} ${process.platform}-${process.arch}`
}

function readOr(file, fallback) {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return fallback
  }
}

function isInstalled() {
  return fs.existsSync(pinnedNode) && readOr(stampFile, '') === wantedStamp()
}

/** True where somebody's own `npm ci` or `npm install` has put exactly the locked versions there. */
function matchesLock() {
  const hidden = readOr(join(modules, '.package-lock.json'), '')
  if (hidden === '' || !fs.existsSync(pinnedNode)) return false
  const have = JSON.parse(hidden).packages ?? {}
  const want = JSON.parse(fs.readFileSync(join(root, 'package-lock.json'), 'utf8')).packages ?? {}
  return Object.entries(want).every(([path, entry]) => {
    if (path === '') return true
    const installed = have[path]
    return installed ? installed.version === entry.version : entry.optional === true || entry.devOptional === true
  })
}

/** `npm run` puts node_modules/.bin first, and with it the pinned Node, which an installation takes away while it works. */
const isOurs = (path) => resolve(path).startsWith(modules + sep)

/** npm with what a user's own ~/.npmrc may have put in the way of the pinned Node taken out. */
function npm(args) {
  const env = { ...process.env, npm_config_fund: 'false', npm_config_audit: 'false', npm_config_update_notifier: 'false' }
  delete env.npm_config_nodedir // headers of the machine's Node: a native build against them cannot load in the pinned one
  delete env.npm_config_global
  env.PATH = (env.PATH ?? '').split(delimiter).filter((folder) => !isOurs(folder)).join(delimiter)
  delete env.NODE_ENV // `production` would leave out what builds the console
  const cli = process.env.npm_execpath
  const viaNode = cli !== undefined && /\.c?js$/.test(cli)
  const [command, argv] = viaNode ? [isOurs(process.execPath) ? 'node' : process.execPath, [cli, ...args]] : ['npm', args]
  return new Promise((resolve) => {
    const child = spawn(command, argv, { cwd: root, env, stdio: ['ignore', 2, 2] })
    child.on('error', (error) => fail(`cannot run npm: ${error.message} (Node ≥ 20 with npm is all that is needed)`))
    child.on('exit', (code) => resolve(code ?? 1))
  })
}

async function install() {
  const started = Date.now()
  say('installing dependencies (npm ci), once; this takes a minute or two')
  const ticker = setInterval(() => say(`still installing, ${Math.round((Date.now() - started) / 1000)} s`), 15_000)
  try {
    // Install scripts run only for the packages that package.json allows, whatever this npm's own rules are.
    if ((await npm(['ci', '--ignore-scripts', '--no-progress', '--loglevel=error'])) !== 0)
      fail('npm ci failed (its message stands above; a proxy or a full disk are the usual causes)')
    const { allowScripts = {} } = JSON.parse(fs.readFileSync(join(root, 'package.json'), 'utf8'))
    const allowed = Object.keys(allowScripts).filter((name) => allowScripts[name] && fs.existsSync(join(modules, name)))
    if ((await npm(['rebuild', '--no-progress', '--loglevel=error', ...allowed])) !== 0 || !fs.existsSync(pinnedNode))
      fail(`the install scripts of ${allowed.join(', ')} failed (their message stands above)`)
  } finally {
    clearInterval(ticker)
  }
  say(`dependencies installed in ${Math.round((Date.now() - started) / 1000)} s`)
}

/** Compiles what the processes load, so that already the first of them start without the compiler. Failing here is harmless. */
function warm() {
  spawnSync(pinnedNode, [join(root, 'scripts', 'warm.ts')], { env: { ...process.env, NODE_COMPILE_CACHE: compileCache }, stdio: 'ignore', timeout: 60_000 })
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function isOlderThan(file, ms) {
  try {
    return Date.now() - fs.statSync(file).mtimeMs > ms
  } catch {
    return false
  }
}

/** Takes the install lock, waiting for a living holder and taking over from a dead one. */
async function lock() {
  for (let told = false; ; ) {
    try {
      fs.writeFileSync(lockFile, String(process.pid), { flag: 'wx' })
      process.on('exit', () => {
        if (readOr(lockFile, '') === String(process.pid)) fs.rmSync(lockFile, { force: true })
      })
      return
    } catch (error) {
      if (error.code !== 'EEXIST') fail(`cannot write ${lockFile}: ${error.message}`)
    }
    const holder = Number(readOr(lockFile, ''))
    if (holder > 0 ? !isAlive(holder) : isOlderThan(lockFile, 10_000)) {
      // Rename first: of several that see the dead holder only one gets the file it looked at.
      const aside = `${lockFile}.${process.pid}`
      try {
        fs.renameSync(lockFile, aside)
        if (Number(readOr(aside, '')) !== holder) fs.linkSync(aside, lockFile)
        fs.rmSync(aside, { force: true })
      } catch {}
      continue
    }
    if (!told) say('waiting for another start to finish installing dependencies')
    told = true
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

async function ensureInstalled() {
  if (isInstalled()) return
  await lock()
  if (!isInstalled()) {
    if (!matchesLock()) await install()
    warm()
    fs.writeFileSync(stampFile, wantedStamp())
  }
  fs.rmSync(lockFile, { force: true })
}

/** Runs a script with the pinned Node in this terminal; ends as it ends. */
function goOn(argv) {
  const env = { ...process.env, NODE_COMPILE_CACHE: compileCache }
  delete env.npm_config_nodedir
  const child = spawn(pinnedNode, argv, { cwd: root, env, stdio: 'inherit' })
  // A terminal sends Ctrl-C to the whole group: the child gets it by itself and decides; others are passed on.
  process.on('SIGINT', () => {})
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => fail(`cannot run ${pinnedNode}: ${error.message}`))
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)))
}

const [major] = process.versions.node.split('.').map(Number)
if (major < 20) fail(`Node ${process.versions.node} is too old to start from (20 or newer; the rest runs on a pinned Node)`)
const [task = '', ...rest] = process.argv.slice(2)
if (!Object.hasOwn(tasks, task)) fail(`unknown task "${task}" (one of ${Object.keys(tasks).join(', ')})`)
await ensureInstalled()
if (task !== 'ensure') {
  const [script] = tasks[task]
  if (!fs.existsSync(join(root, script))) fail(`${script} does not exist in this version`)
  goOn([script, ...rest])
} else {
  const probe = spawnSync(pinnedNode, ['--version'], { encoding: 'utf8' })
  if (probe.status !== 0) fail(`the pinned Node does not run here: ${probe.error?.message ?? probe.stderr}`)
}
