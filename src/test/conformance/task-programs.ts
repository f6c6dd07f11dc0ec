/** The part of the task conformance suite that needs real programs: files, terminals, children, limits, volumes. */
import assert from 'node:assert/strict'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { TaskError } from '#drivers/task/port.ts'
import { until } from '../harness/wait.ts'
import { sleeper, testApp, transcript } from './task-world.ts'
import type { Behaviour, Bench, TaskFeatures } from './task-world.ts'

const shell = (line: string): Behaviour => ({ shell: line, simulate: {} })

export function programConformance(open: () => Promise<Bench>, features: TaskFeatures): void {
  surroundings(open)
  ports(open)
  descendants(open)
  sessions(open)
  limits(open, features)
  volumes(open)
}

function surroundings(open: () => Promise<Bench>): void {
  test('a task has its environment, its port, its folder and its arguments as they were given', async () => {
    await using bench = await open()
    const slugPath = await bench.slug({ 'web/here.txt': 'found', 'web/print.sh': 'echo "$#:$1:$2"; cat here.txt; echo; echo "$GREETING"; echo "port $PORT"; echo "home:$(ls -d "$HOME")"' })
    const { id } = await bench.run(sleeper, {
      slugPath,
      root: 'web',
      command: { kind: 'argv', argv: ['sh', 'print.sh', 'a b', '$(id) "quoted"'] },
      env: { GREETING: "it's $HOME; \"all\"\nof it", PORT: '4000' },
      port: 4000,
    })
    await bench.ended(id)
    const { lines } = await bench.lines(id)
    assert.deepEqual(lines.slice(0, 5), ['2:a b:$(id) "quoted"', 'found', "it's $HOME; \"all\"", 'of it', 'port 4000'])
    assert.match(lines[5] ?? '', /^home:\/./)
  })

  test('standard error is told from standard output', async () => {
    await using bench = await open()
    const { id } = await bench.run(shell('echo out; echo err >&2'))
    await bench.ended(id)
    const { entries } = await bench.lines(id)
    assert.deepEqual(entries.map(({ stream, text }) => `${stream} ${text}`).sort(), ['stderr err', 'stdout out'])
  })

  test('a task may write beside its code, and the next task has the slug as it was', async () => {
    await using bench = await open()
    const slugPath = await bench.slug({ 'a.txt': 'original' })
    const line = shell('cat a.txt; echo; echo changed > a.txt && touch new.txt && ls')
    for (const attempt of [1, 2]) {
      const { id } = await bench.run(line, { slugPath })
      await bench.ended(id)
      assert.deepEqual((await bench.lines(id)).lines, ['original', 'a.txt', 'new.txt'], `attempt ${attempt}`)
    }
    assert.equal(await readFile(join(slugPath, 'a.txt'), 'utf8'), 'original')
  })

  test('installed dependencies are there, and cannot be changed by the app', async () => {
    await using bench = await open()
    const slugPath = await bench.slug({ 'node_modules/lib/index.js': 'shared', 'packages/web/node_modules/own/index.js': 'nested' })
    const { id } = await bench.run(shell('cat node_modules/lib/index.js packages/web/node_modules/own/index.js; echo; (echo broken > node_modules/lib/index.js) 2>/dev/null && echo changed || echo refused'), { slugPath })
    await bench.ended(id)
    const { lines } = await bench.lines(id)
    assert.equal(lines[0], 'sharednested')
    if (process.getuid?.() === 0) assert.equal(lines[1], 'refused')
  })

  test('a task runs as a user of its own app, never as root', { skip: process.getuid?.() === 0 ? false : 'only root can run apps as other users' }, async () => {
    await using bench = await open()
    const users: string[] = []
    for (const app of [testApp, testApp, `${testApp}-other`]) {
      const { id } = await bench.run(shell('id -u; id -G; cat /proc/self/status | grep CapEff'), { labels: { app, environment: 'production', service: 'web' } })
      await bench.ended(id)
      const { lines } = await bench.lines(id)
      assert.notEqual(lines[0], '0')
      assert.equal(lines[1], lines[0], 'no other groups')
      assert.match(lines[2] ?? '', /CapEff:\s+0+$/)
      users.push(lines[0] as string)
    }
    assert.equal(users[0], users[1])
    assert.notEqual(users[0], users[2])
  })

  test('a program that does not exist ends with 127 and says so in the log', async () => {
    await using bench = await open()
    const { id } = await bench.run(sleeper, { command: { kind: 'argv', argv: ['no-such-program-at-all', 'x'] } })
    assert.equal((await bench.ended(id)).exit?.code, 127)
    assert.match((await bench.lines(id)).lines.join('\n'), /no-such-program-at-all/)
  })

  test('links in a slug are not followed when it is copied', async () => {
    await using bench = await open()
    const secret = join(bench.folder, 'secret')
    await writeFile(secret, 'key', { mode: 0o600 })
    const slugPath = await bench.slug({ 'real.txt': 'x' })
    await symlink(secret, join(slugPath, 'stolen'))
    await symlink('/etc', join(slugPath, 'config'))
    const { id } = await bench.run(shell('cat stolen 2>/dev/null || echo nothing'), { slugPath })
    await bench.ended(id)
    if (process.getuid?.() === 0) assert.deepEqual((await bench.lines(id)).lines, ['nothing'])
    await assert.rejects(bench.driver.start(await bench.spec(sleeper, { slugPath, root: 'config' })), TaskError)
  })
}

function ports(open: () => Promise<Bench>): void {
  test('the ports that a task listens on are told, and whether anybody else can reach them', async () => {
    await using bench = await open()
    const program = "const net = require('net'); net.createServer().listen(31071, '127.0.0.1', () => net.createServer().listen(31072, '0.0.0.0', () => console.log('listening')))"
    const { id } = await bench.run(sleeper, { command: { kind: 'argv', argv: ['node', '-e', program] } })
    await bench.said(id, /listening/)
    assert.deepEqual(await bench.driver.listening(id), [{ port: 31071, loopback: true }, { port: 31072, loopback: false }])
    await bench.driver.stop(id, { signal: 'SIGKILL', graceMs: 0 })
    assert.deepEqual(await bench.driver.listening(id), [])
  })
}

const lasting = (mark: string) => `sh -c 'trap "" TERM HUP; while :; do touch ${mark}; sleep 0.05; done'`

/** A file that somebody keeps touching is still touched after now. */
async function isTouched(path: string): Promise<boolean> {
  const { stat, rm } = await import('node:fs/promises')
  await rm(path, { force: true })
  const end = performance.now() + 400
  while (performance.now() < end) {
    if (await stat(path).catch(() => null)) return true
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return false
}

function descendants(open: () => Promise<Bench>): void {
  for (const [how, wrap] of [
    ['a child in the background', (line: string) => `${line} & `],
    ['a grandchild in a session of its own', (line: string) => `(setsid ${line} </dev/null >/dev/null 2>&1 &); `],
  ] as const) {
    test(`stop ends ${how} too`, async () => {
      await using bench = await open()
      const data = join(bench.folder, 'data')
      const volumes = [{ name: 'data', hostPath: data, target: '/app/data' }]
      const { id } = await bench.run(shell(`${wrap(lasting('data/mark'))} echo ready; exec sleep 1000`), { volumes })
      await bench.said(id, /ready/)
      await until(() => isTouched(join(data, 'mark')), { because: 'it is at work' })
      await bench.reopen()
      await bench.driver.stop(id, { signal: 'SIGTERM', graceMs: 100 })
      assert.equal(await isTouched(join(data, 'mark')), false)
    })

    test(`when the main process ends by itself, ${how} ends with it`, async () => {
      await using bench = await open()
      const data = join(bench.folder, 'data')
      const volumes = [{ name: 'data', hostPath: data, target: '/app/data' }]
      const { id } = await bench.run(shell(`${wrap(lasting('data/mark'))} sleep 0.2; exit 0`), { volumes })
      await bench.ended(id)
      assert.equal(await isTouched(join(data, 'mark')), false)
    })
  }
}

function sessions(open: () => Promise<Bench>): void {
  test('a command in a running task has its environment, folder, user and input', async () => {
    await using bench = await open()
    const slugPath = await bench.slug({ 'web/here.txt': 'found' })
    const { id } = await bench.run(shell('id -u; exec sleep 1000'), { slugPath, root: 'web', env: { COLOUR: 'green' } })
    const user = (await bench.said(id, /^\d+$/))[0]
    const session = await bench.driver.exec(id, { argv: ['sh', '-c', 'cat here.txt; echo " $COLOUR $EXTRA $(id -u)"; cat; echo oops >&2; exit 9'], env: { EXTRA: 'more' }, tty: null })
    session.write(Buffer.from('typed\n'))
    session.write(Buffer.alloc(0))
    const { text, code } = await transcript(session)
    assert.ok(text.includes('oops\n'))
    // an engine carries the two streams apart: what is written last may arrive first
    assert.equal(text.replace('oops\n', ''), `found green more ${user}\ntyped\n`)
    assert.equal(code, 9)
  })

  test('a terminal is one: it has a size, is resized, and carries bytes', async () => {
    await using bench = await open()
    const { id } = await bench.run(sleeper)
    const session = await bench.driver.exec(id, { argv: ['sh'], env: { PS1: '' }, tty: { cols: 101, rows: 33 } })
    let text = ''
    session.onOutput((data) => {
      text += data.toString('utf8')
    })
    session.write(Buffer.from('[ -t 0 ] && echo "is a tty"; stty size; echo grün\n'))
    await until(() => text.includes('33 101') && text.includes('is a tty\r\n') && text.includes('grün\r\n'), { because: 'the terminal answers' })
    session.resize(77, 22)
    await until(() => {
      session.write(Buffer.from('stty size\n'))
      return text.includes('22 77')
    }, { because: 'the terminal is resized', everyMs: 100 })
    session.write(Buffer.from('exit 4\n'))
    assert.equal((await session.exited).code, 4)
  })

  test('a session ends when it is closed, and when its task is stopped', async () => {
    await using bench = await open()
    const { id } = await bench.run(sleeper)
    const closed = await bench.driver.exec(id, { argv: ['sleep', '500'], env: {}, tty: { cols: 80, rows: 24 } })
    closed.close()
    await closed.exited
    const stopped = await bench.driver.exec(id, { argv: ['sleep', '500'], env: {}, tty: null })
    await bench.driver.stop(id, { signal: 'SIGTERM', graceMs: 100 })
    await stopped.exited
    await assert.rejects(bench.driver.exec(id, { argv: ['true'], env: {}, tty: null }), TaskError)
  })
}

function limits(open: () => Promise<Bench>, features: TaskFeatures): void {
  if (features.memoryLimit !== false) {
    test('a task beyond its memory is ended, and the reason is named', { skip: features.memoryLimit === true ? false : features.memoryLimit }, async () => {
      await using bench = await open()
      const { id } = await bench.run(shell('exec node -e "const kept = []; for (;;) kept.push(Buffer.alloc(1 << 20, 1))"'), { resources: { memoryBytes: 96 << 20, cpu: null } })
      const { exit } = await bench.ended(id)
      assert.equal(exit?.oom, true)
      assert.notEqual(exit?.code, 0)
    })
  }

  test('what a task uses is measured', async () => {
    await using bench = await open()
    const { id } = await bench.run(shell('exec node -e "const kept = Buffer.alloc(50 << 20, 1); const end = Date.now() + 300; while (Date.now() < end); console.log(kept.length); setInterval(() => {}, 1000)"'), {
      resources: { memoryBytes: features.memoryLimit === true ? 512 << 20 : null, cpu: null },
    })
    await bench.said(id, /^52428800$/)
    const stats = await bench.driver.stats(id)
    assert.ok(stats)
    assert.ok(stats.memoryBytes > 50 << 20 && stats.memoryBytes < 400 << 20, `memory ${stats.memoryBytes}`)
    assert.ok(stats.cpuSeconds >= 0.03 && stats.cpuSeconds < 30, `cpu ${stats.cpuSeconds}`)
    assert.ok(stats.threads === null || stats.threads > 1, `threads ${stats.threads}`)
    if (features.memoryLimit === true) assert.equal(stats.memoryLimitBytes, 512 << 20)
    await bench.driver.stop(id, { signal: 'SIGKILL', graceMs: 0 })
    assert.equal(await bench.driver.stats(id), null)
  })
}

function volumes(open: () => Promise<Bench>): void {
  test('a volume keeps its files over tasks, and hides what the slug has there', async () => {
    await using bench = await open()
    const hostPath = join(bench.folder, 'volumes', 'uploads')
    const volumes = [{ name: 'user-uploads', hostPath, target: '/app/public/uploads' }]
    const slugPath = await bench.slug({ 'public/uploads/shipped.txt': 'from the slug', 'public/index.html': 'page' })
    for (const expected of [['index.html', 'uploads', 'same'], ['1', 'index.html', 'uploads', 'same']]) {
      const { id } = await bench.run(shell('ls public/uploads; ls public; echo x > public/uploads/1; test -f "$NIGHTSHIFT_VOLUME_USER_UPLOADS/1" && echo same'), { slugPath, volumes })
      await bench.ended(id)
      assert.deepEqual((await bench.lines(id)).lines, expected)
      await bench.driver.remove(id)
      assert.equal(await readFile(join(hostPath, '1'), 'utf8'), 'x\n')
    }
  })

  test('a volume in an impossible place is refused, and nothing is left of the task', async () => {
    await using bench = await open()
    const slugPath = await bench.slug({ 'file.txt': '' })
    await symlink('/etc', join(slugPath, 'link'))
    const hostPath = join(bench.folder, 'data')
    await mkdir(hostPath)
    for (const target of ['/app', '/', 'relative', '/app/..', '/app/file.txt/x', '/app/link/x', '/app/../etc']) {
      const spec = await bench.spec(sleeper, { slugPath, volumes: [{ name: 'data', hostPath, target }] })
      await assert.rejects(bench.driver.start(spec), TaskError, target)
    }
    const twice = [{ name: 'one', hostPath, target: '/app/data' }, { name: 'two', hostPath, target: '/app/data/deeper' }]
    await assert.rejects(bench.driver.start(await bench.spec(sleeper, { slugPath, volumes: twice })), TaskError)
    assert.deepEqual(await bench.driver.list(), [])
  })
}
