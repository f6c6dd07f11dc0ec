/**
 * Where the hooks of running pushes ask: a Unix socket that only our own user can open, and a secret for each push.
 * One JSON line in; `{"say": …}` lines out, and `{"exit": …}` at the end.
 */
import { timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { type Server, type Socket, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { newSecret } from '#base/ids.ts'
import type { Logger } from '#kernel/log.ts'
import { toldOf } from './told.ts'

const objectId = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/)
const question = z.object({
  hook: z.enum(['pre-receive', 'post-receive']),
  secret: z.string(),
  updates: z.array(z.object({ from: objectId, to: objectId, ref: z.string().max(1000) })).max(1000),
  objects: z.record(z.string(), z.string()),
})
export type Question = z.infer<typeof question>
export type Update = Question['updates'][number]

/** Answers a hook: says lines, resolves with whether it accepts. */
export type Listener = (question: Question, say: (text: string) => void) => Promise<boolean>

export type HookServer = {
  socketPath(): Promise<string>
  /** @returns the secret by which the push's hooks are known, until `end` */
  begin(listener: Listener): { secret: string; end(): void }
  close(): Promise<void>
}

const maxQuestionBytes = 1024 * 1024
/** The kernel's bound of a Unix socket's path, less some room. */
const maxSocketPath = 100

export function openHookServer(home: string, log: Logger): HookServer {
  const listeners = new Map<string, Listener>()
  let opened: Promise<{ server: Server; path: string; remove: string }> | undefined

  function find(secret: string): Listener | undefined {
    for (const [known, listener] of listeners) if (known.length === secret.length && timingSafeEqual(Buffer.from(known), Buffer.from(secret))) return listener
    return undefined
  }

  function serve(socket: Socket): void {
    socket.on('error', () => {}) // the hook is gone: the push broke off, what it began goes on
    let text = ''
    const onData = (chunk: Buffer) => {
      text += chunk.toString()
      if (text.length > maxQuestionBytes) return socket.destroy()
      const end = text.indexOf('\n')
      if (end === -1) return
      socket.off('data', onData)
      socket.resume()
      void answer(text.slice(0, end), socket)
    }
    socket.on('data', onData)
  }

  async function answer(line: string, socket: Socket): Promise<void> {
    const send = (message: object) => socket.writable && socket.write(`${JSON.stringify(message)}\n`)
    const say = (text: string) => send({ say: text })
    let accepted = false
    try {
      const asked = question.parse(JSON.parse(line))
      const listener = find(asked.secret)
      if (listener === undefined) say('this push is not known here')
      else accepted = await listener(asked, say)
    } catch (error) {
      log.warn({ err: error }, 'a push failed')
      say(`the push failed: ${toldOf(error)}`)
    }
    send({ exit: accepted ? 0 : 1 })
    socket.end()
  }

  async function open(): Promise<{ server: Server; path: string; remove: string }> {
    let folder = join(home, 'run')
    let path = join(folder, 'git-hooks.sock')
    let remove = path
    await mkdir(folder, { recursive: true })
    if (Buffer.byteLength(path) > maxSocketPath) {
      folder = await mkdtemp(join(tmpdir(), 'nightshift-git-'))
      path = join(folder, 'hooks.sock')
      remove = folder
    }
    await rm(path, { force: true }) // of a control that was killed
    const server = createServer(serve)
    const listening = once(server, 'listening')
    const before = process.umask(0o177)
    server.listen(path) // binds before it returns, so that nothing else of this process is made under this mask
    process.umask(before)
    await listening
    server.unref()
    return { server, path, remove }
  }

  return {
    socketPath: async () => (await (opened ??= open())).path,
    begin(listener) {
      const secret = newSecret()
      listeners.set(secret, listener)
      return { secret, end: () => void listeners.delete(secret) }
    },
    async close() {
      if (opened === undefined) return
      const { server, remove } = await opened
      await new Promise<void>((resolve) => server.close(() => resolve()))
      await rm(remove, { recursive: true, force: true })
    },
  }
}
