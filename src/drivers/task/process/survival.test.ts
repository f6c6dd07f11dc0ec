/** What is particular to plain processes: pids, keepers, closed folders, and logs that are files. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, lstat, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Bench, sleeper } from '../../../test/conformance/task-world.ts'
import { until } from '../../../test/harness/wait.ts'
import { createProcessDriver } from './driver.ts'
import { startKeeper } from './keeper.ts'
import { LogFiles } from './log-files.ts'
import { isAlive, readStat } from './proc.ts'
import { paths } from './record.ts'

const asRoot = process.getuid?.() === 0 ? false : 'only root can do this'

function open(logs = { maxBytes: 1 << 20, stepBytes: 4096 }): Promise<Bench> {
  return Bench.open((folder) => ({ open: () => createProcessDriver({ dir: join(folder, 'tasks'), logs }), async cleanUp() {} }))
}

const shell = (line: string) => ({ shell: line, simulate: {} })

test('a later process with the same pid is not taken for the task, and is left alone', async () => {
  await using bench = await open()
  const { id } = await bench.run(shell('exit 0'))
  await bench.ended(id)
  const dir = join(bench.folder, 'tasks', id)
  const stranger = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' })
  try {
    const record = JSON.parse(await readFile(paths.process(dir), 'utf8')) as { startTime: string }
    await writeFile(paths.process(dir), JSON.stringify({ ...record, pid: stranger.pid }))
    await rm(paths.ended(dir))
    await bench.reopen()
    assert.equal((await bench.ended(id)).exit?.code, 0)
    await bench.driver.stop(id, { signal: 'SIGTERM', graceMs: 0 })
    assert.ok(isAlive(readStat(stranger.pid as number) ?? { pid: 0, startTime: '' }))
  } finally {
    stranger.kill('SIGKILL')
  }
})

test('when the keeper is killed, the app ends too and the end is known', async () => {
  await using bench = await open()
  const { id } = await bench.run(shell('(setsid sleep 1000 &); exec sleep 1000'))
  const app = await until(async () => (await bench.status(id))?.pid, { because: 'the app runs' })
  const identity = readStat(app)
  assert.ok(identity)
  process.kill(identity.ppid, 'SIGKILL')
  const { exit } = await bench.ended(id)
  assert.deepEqual({ code: exit?.code, signal: exit?.signal }, { code: null, signal: 'SIGKILL' })
  assert.equal(isAlive(identity), false)
})

test('an app whose starter died before recording it never runs', async () => {
  await using bench = await open()
  const status = join(bench.folder, 'status')
  const proof = join(bench.folder, 'ran')
  const keeper = await startKeeper({
    argv: ['touch', proof],
    statusFile: status,
    cwd: bench.folder,
    env: { PATH: '/usr/bin:/bin' },
    user: null,
    stdoutPath: join(bench.folder, 'out'),
    stderrPath: join(bench.folder, 'err'),
  })
  keeper.child.stdio[3]?.destroy()
  const [code] = await once(keeper.child, 'exit')
  assert.equal(code, 125)
  await assert.rejects(stat(proof), { code: 'ENOENT' })
})

test('a start that was cut short is swept away by the next', async () => {
  await using bench = await open()
  const spec = await bench.spec(sleeper)
  const dir = join(bench.folder, 'tasks', spec.id)
  await mkdir(join(dir, 'app'), { recursive: true })
  await writeFile(paths.task(dir), '{"id":')
  assert.deepEqual(await bench.driver.list(), [])
  assert.equal((await bench.driver.start(spec)).state, 'running')
})

test('an app reaches its folders and volumes below a folder that is closed to it', { skip: asRoot }, async () => {
  const closed = await mkdtemp(join(tmpdir(), 'nightshift-closed-'))
  try {
    await chmod(closed, 0o700)
    await using bench = await Bench.open(() => ({ open: () => createProcessDriver({ dir: join(closed, 'home', 'tasks') }), async cleanUp() {} }))
    const slugPath = join(closed, 'slug')
    await mkdir(join(slugPath, 'node_modules', 'lib'), { recursive: true })
    await writeFile(join(slugPath, 'node_modules', 'lib', 'index.js'), 'module.exports = "shared"')
    await writeFile(join(slugPath, 'main.js'), 'const fs = require("fs"); fs.writeFileSync("data/kept", "1"); fs.writeFileSync(process.env.HOME + "/x", "1"); console.log(require("lib"), __dirname === process.cwd(), process.env.HOME)')
    const volumes = [{ name: 'data', hostPath: join(closed, 'volumes', 'data'), target: '/app/data' }]
    const node = { kind: 'argv', argv: [process.execPath, 'main.js'] } as const
    const { id } = await bench.run(sleeper, { slugPath, volumes, command: { ...node, argv: [...node.argv] } })
    await bench.ended(id)
    const { lines } = await bench.lines(id)
    assert.match(lines.join('\n'), /^shared true \/run\/nightshift\/lent\//)
    assert.equal(await readFile(join(closed, 'volumes', 'data', 'kept'), 'utf8'), '1')
    await bench.driver.remove(id)
    const mounts = await readFile('/proc/self/mountinfo', 'utf8')
    assert.ok(!mounts.includes(closed), 'nothing stays lent')
    assert.deepEqual((await readdir('/run/nightshift/lent')).filter((name) => mounts.includes(name)).length, mounts.split('/run/nightshift/lent/').length - 1)
    assert.equal(await readFile(join(closed, 'volumes', 'data', 'kept'), 'utf8'), '1')
  } finally {
    await rm(closed, { recursive: true, force: true })
  }
})

test('released output goes back to the disk while the app writes on', { timeout: 60_000 }, async () => {
  await using bench = await open({ maxBytes: 64 << 20, stepBytes: 64 << 10 })
  const { id } = await bench.run(shell(`i=0; while [ $i -lt 40000 ]; do echo "line $i ${'x'.repeat(200)}"; i=$((i+1)); done; exec sleep 1000`))
  let cursor: string | undefined
  let next = 0
  while (next < 40_000) {
    const page = await bench.driver.logs(id, cursor, 100_000)
    for (const { text } of page.entries) assert.ok(text.startsWith(`line ${next++} `))
    cursor = page.cursor
    await bench.driver.releaseLogs(id, cursor)
  }
  const { size, blocks } = await stat(paths.log(join(bench.folder, 'tasks', id), 'stdout'))
  assert.ok(size > 8_000_000)
  // what is taken ahead for a day when the disk is full, and little more
  assert.ok(blocks * 512 < 512 * 1024 + 300_000, `${blocks * 512} bytes are still on the disk`)
})

test('output that nobody reads is bounded, and what was dropped is counted', { timeout: 60_000 }, async () => {
  await using bench = await open({ maxBytes: 256 << 10, stepBytes: 4096 })
  const { id } = await bench.run(shell(`i=0; while [ $i -lt 20000 ]; do echo "line $i ${'x'.repeat(100)}"; i=$((i+1)); done; exec sleep 1000`))
  const file = paths.log(join(bench.folder, 'tasks', id), 'stdout')
  await until(async () => (await stat(file)).size > 2_200_000 && (await stat(file)).blocks * 512 < 300_000, { because: 'the log is cut to its bound' })
  const { lines, dropped } = await bench.lines(id)
  assert.equal(dropped + lines.length, 20_000)
  assert.ok(lines[0]?.startsWith(`line ${dropped} `))
  assert.ok(dropped > 15_000)
})

test('an app that empties its own output is read on', async () => {
  await using bench = await open()
  const { id } = await bench.run(shell('echo one; sleep 0.5; : > /dev/stdout; echo two; sleep 1000'))
  await bench.said(id, /^one$/)
  let { cursor } = await bench.lines(id)
  await until(async () => {
    const page = await bench.driver.logs(id, cursor, 65_536)
    cursor = page.cursor
    return page.entries.some(({ text }) => text === 'two')
  }, { because: 'the next line arrives' })
})

test('where holes cannot be punched the file is cut, and positions stay', async () => {
  await using bench = await open()
  const dir = await bench.slug()
  const logs = new LogFiles(dir, 'a', { maxBytes: 64 << 10, stepBytes: 4096 })
  const line = (n: number) => `line ${n} ${'x'.repeat(50)}\n`
  await writeFile(paths.log(dir, 'stderr'), '')
  await writeFile(paths.log(dir, 'stdout'), Array.from({ length: 900 }, (_, i) => line(i)).join(''))
  const page = await logs.read(undefined, 40_000, false, new Date())
  const path = process.env['PATH']
  process.env['PATH'] = '/nonexistent'
  try {
    await logs.release(page.cursor)
  } finally {
    process.env['PATH'] = path
  }
  assert.ok((await stat(paths.log(dir, 'stdout'))).size < 40_000)
  const again = new LogFiles(dir, 'a', { maxBytes: 64 << 10, stepBytes: 4096 })
  const rest = await again.read(page.cursor, 1 << 20, true, new Date())
  assert.equal(page.entries.length + rest.entries.length, 900)
  assert.ok(rest.entries[0]?.text.startsWith(`line ${page.entries.length} `))
})

test('a line longer than 16 KB comes in pieces, cut between characters, the same on every reading', async () => {
  await using bench = await open()
  const dir = await bench.slug()
  const text = 'ä'.repeat(20_000)
  await writeFile(paths.log(dir, 'stderr'), '')
  await writeFile(paths.log(dir, 'stdout'), `a${text}\nnext\n`)
  const logs = new LogFiles(dir, 'a', { maxBytes: 1 << 20, stepBytes: 4096 })
  const { entries } = await logs.read(undefined, 1 << 20, false, new Date())
  assert.equal(entries.length, 4)
  assert.equal(entries.slice(0, 3).map((entry) => entry.text).join(''), `a${text}`)
  assert.equal(entries[3]?.text, 'next')
  const paged: string[] = []
  for (let cursor: string | undefined, more = true; more; ) {
    const page = await logs.read(cursor, 1, false, new Date())
    paged.push(...page.entries.map((entry) => entry.text))
    more = page.entries.length > 0
    cursor = page.cursor
  }
  assert.deepEqual(paged, entries.map((entry) => entry.text))
})

test('what the keeper wrote is believed only when it is a small number in a plain file', async () => {
  await using bench = await open()
  const { id } = await bench.run(shell('rm -f "$HOME/../exit/status" && ln -s /etc/passwd "$HOME/../exit/status"; exec sleep 1000'))
  await until(async () => (await lstat(paths.exitStatus(join(bench.folder, 'tasks', id)))).isSymbolicLink(), { because: 'it has put its link there' })
  const exit = await bench.driver.stop(id, { signal: 'SIGTERM', graceMs: 5000 })
  assert.equal(exit?.code, null)
  assert.ok(!(await readFile('/etc/passwd', 'utf8')).startsWith('143'))
})
