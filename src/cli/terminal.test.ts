import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { spawn as spawnTerminal } from '@lydell/node-pty'
import type { WebSocket } from 'ws'
import { type TestApi, startTestApi } from './test/api.ts'
import { call, mainFile, start } from './test/harness.ts'
import { aService, anApp, anInstance } from './test/samples.ts'

type Frame = { t: string; cols?: number; rows?: number }

let api: TestApi
let paths: string[] = []
before(async () => {
  api = await startTestApi()
})
after(() => api[Symbol.asyncDispose]())
beforeEach(() => {
  api.asked = []
  paths = []
  api.handlers = { 'terminals.open': () => ({ id: 'trm_1', path: '/v1/terminals/trm_1?ticket=x' }) }
})

/** A far end: gets bytes and frames, answers through the socket. */
function onTerminal(handle: { open?: (socket: WebSocket) => void; bytes?: (bytes: Buffer, socket: WebSocket) => void; frame?: (frame: Frame, socket: WebSocket) => void }): void {
  api.onTerminal = (socket, path) => {
    paths.push(path)
    socket.on('message', (data: Buffer, isBinary: boolean) => (isBinary ? handle.bytes?.(data, socket) : handle.frame?.(JSON.parse(String(data)) as Frame, socket)))
    handle.open?.(socket)
  }
}

function exit(socket: WebSocket, code: number | null, error?: string): void {
  socket.send(JSON.stringify({ t: 'exit', code, ...(error === undefined ? {} : { error }) }))
  socket.close(1000)
}

describe('run and exec through pipes', () => {
  test('give stdin to the command, its output to stdout, and end with its exit code', async () => {
    let input = ''
    onTerminal({
      bytes: (bytes) => (input += String(bytes)),
      frame: ({ t }, socket) => {
        if (t !== 'eof') return
        socket.send(Buffer.from(input.toUpperCase()))
        exit(socket, 7)
      },
    })
    const { code, stdout, stderr } = await start(['run', '-a', 'shop', '-s', 'worker', '--', 'tr', 'a-z', 'A-Z'], { env: api.env, stdin: 'quiet\n' }).ended
    assert.deepEqual([code, stdout, stderr], [7, 'QUIET\n', ''])
    assert.deepEqual(paths, ['/v1/terminals/trm_1?ticket=x'])
    assert.deepEqual(api.asked[0]?.body, { command: ['tr', 'a-z', 'A-Z'], service: 'worker', tty: null })
  })

  test('end when the command does, although nobody closes stdin', async () => {
    onTerminal({ open: (socket) => exit(socket, 0) })
    assert.equal((await start(['run', 'true', '-a', 'x'], { env: { ...api.env, NIGHTSHIFT_APP: 'shop' }, keepStdin: true }).ended).code, 0)
  })

  test('carry a megabyte both ways unchanged', async () => {
    onTerminal({
      bytes: (bytes, socket) => socket.send(bytes),
      frame: ({ t }, socket) => void (t === 'eof' && exit(socket, 0)),
    })
    const text = 'night shift '.repeat(90_000)
    assert.equal((await start(['run', '-a', 'shop', 'cat'], { env: api.env, stdin: text }).ended).stdout, text)
  })

  test('need no -- before the command, and leave its flags to it', async () => {
    onTerminal({ open: (socket) => exit(socket, 0) })
    await start(['run', '-a', 'shop', 'ls', '-la', '--app', '--help'], { env: api.env }).ended
    await start(['exec', '-e', 'staging', 'web.1', '-a', 'shop', 'ls', '-s'], { env: api.env }).ended
    assert.deepEqual(api.asked.map(({ body }) => (body as { command: string[] }).command), [['ls', '-la', '--app', '--help'], ['ls', '-s']])
    assert.deepEqual(api.asked[1]?.query, { environment: 'staging' })
  })

  test('exec takes a service for its first ready instance, and sh for no command', async () => {
    onTerminal({ open: (socket) => exit(socket, 0) })
    api.handlers['apps.read'] = () => anApp({ services: [aService({ instances: [anInstance({ state: 'held' }), anInstance({ id: 'ins_2', name: 'web.2' })] }), aService({ name: 'db', because: 'crashes', instances: [] })] })
    assert.equal((await call(['exec', 'web', '-a', 'shop', '-T'], { env: api.env })).code, 0)
    assert.deepEqual(api.asked.at(-1)?.body, { instance: 'web.2', command: ['sh'], tty: null })
    assert.match((await call(['exec', 'db', '-a', 'shop'], { env: api.env })).stderr, /no instance of db is ready: crashes \(a fresh one: nightshift run -s db\)/)
    assert.match((await call(['exec', 'cache', '-a', 'shop'], { env: api.env })).stderr, /has no service "cache" \(it has: web, db\)/)
    assert.equal((await call(['exec', '-a', 'shop'], { env: api.env })).code, 2)
  })

  test('say what went wrong: at the far end, on the way, or at the door', async () => {
    onTerminal({ open: (socket) => exit(socket, null, 'the machine node-1 is not connected') })
    const far = await call(['run', 'x', '-a', 'shop'], { env: { ...api.env, NIGHTSHIFT_APP: 'shop' } })
    assert.deepEqual([far.code, far.stderr], [1, 'error: the machine node-1 is not connected\n'])
    onTerminal({ open: (socket) => socket.terminate() })
    assert.match((await call(['run', 'x'], { env: { ...api.env, NIGHTSHIFT_APP: 'shop' } })).stderr, /the connection was lost before the command ended/)
    onTerminal({ open: (socket) => exit(socket, null) })
    assert.equal((await call(['run', 'x'], { env: { ...api.env, NIGHTSHIFT_APP: 'shop' } })).code, 1)
  })
})

test('a terminal is raw, has its size told, and gives keys through', async () => {
  const sizes: [number, number][] = []
  let keys = ''
  onTerminal({
    open: (socket) => socket.send(Buffer.from('$ ')),
    bytes: (bytes, socket) => {
      keys += String(bytes)
      if (keys.includes('\x03')) {
        socket.send(Buffer.from('interrupted\r\n'))
        exit(socket, 130)
      }
    },
    frame: ({ t, cols, rows }) => {
      if (t === 'resize') sizes.push([cols ?? 0, rows ?? 0])
    },
  })
  const terminal = spawnTerminal(process.execPath, [mainFile, 'exec', 'web.1', '-a', 'shop', '--', 'bash'], { cols: 100, rows: 30, env: { ...api.env, PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', TERM: 'xterm' } })
  let shown = ''
  const waiting: { text: string; resolve: () => void }[] = []
  terminal.onData((data) => {
    shown += data
    for (const waiter of waiting) if (shown.includes(waiter.text)) waiter.resolve()
  })
  const ended = new Promise<number>((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)))
  const shows = (text: string) => new Promise<void>((resolve) => (shown.includes(text) ? resolve() : waiting.push({ text, resolve })))
  await shows('$ ')
  terminal.resize(120, 40)
  while (!sizes.some(([cols]) => cols === 120)) await new Promise((resolve) => setTimeout(resolve, 10))
  terminal.write('ls\t\x1b[A')
  while (!keys.includes('\x1b[A')) await new Promise((resolve) => setTimeout(resolve, 10))
  terminal.write('\x03')
  assert.equal(await ended, 130)
  assert.equal(keys, 'ls\t\x1b[A\x03')
  assert.deepEqual(sizes.at(-1), [120, 40])
  assert.deepEqual((api.asked[0]?.body as { tty: unknown } | undefined)?.tty, { cols: 100, rows: 30 })
  assert.equal(shown, '$ interrupted\r\n')
})

test('a question to a person is asked on a terminal: the name of an app to destroy, a secret without echo', async () => {
  api.handlers['apps.read'] = () => anApp()
  api.handlers['apps.destroy'] = () => ({ keptVolumes: [] })
  api.handlers['secrets.change'] = () => null
  const ask = async (argv: string[], question: string, answer: string): Promise<{ shown: string; code: number }> => {
    const terminal = spawnTerminal(process.execPath, [mainFile, ...argv], { cols: 200, rows: 30, env: { ...api.env, PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', TERM: 'xterm' } })
    let shown = ''
    terminal.onData((data) => {
      const before = shown.includes(question)
      shown += data
      if (!before && shown.includes(question)) terminal.write(answer)
    })
    const code = await new Promise<number>((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)))
    return { shown, code }
  }
  const destroyed = await ask(['destroy', '-a', 'shop'], 'Type shop to destroy it: ', 'shop\r')
  assert.equal(destroyed.code, 0, destroyed.shown)
  assert.deepEqual(api.asked.at(-1)?.query, { confirm: 'shop' })
  const mistyped = await ask(['destroy', '-a', 'shop'], 'Type shop to destroy it: ', 'shpo\r')
  assert.equal(mistyped.code, 1)
  const interrupted = await ask(['destroy', '-a', 'shop'], 'Type shop to destroy it: ', '\x03')
  assert.equal(interrupted.code, 1)
  assert.match(interrupted.shown, /nothing was changed/)
  const secret = await ask(['secrets', 'set', 'KEY', '-a', 'shop'], 'Value of KEY (not shown): ', 'hush\x7f\x7fsh\r')
  assert.equal(secret.code, 0, secret.shown)
  assert.deepEqual(api.asked.at(-1)?.body, { KEY: 'hush' })
  assert.doesNotMatch(secret.shown, /hu|sh\r/)
})
