/** Boots the preview: the real HTTP surface over the preview's world, so that sign-in, problems and streams are the real ones. */
import { createHash } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { WebSocketServer } from 'ws'
import { AppError } from '#base/errors.ts'
import { newSecret } from '#base/ids.ts'
import type { TerminalToServer } from '#contract/terminal.ts'
import { endpoints } from '#contract/endpoints.ts'
import type { Caller, Handlers } from '#kernel/handlers.ts'
import { createLogger } from '#kernel/log.ts'
import type { AccessService } from '#people/access/service.ts'
import { createApi } from '#surfaces/api/server.ts'
import { previewHandlers } from './handlers.ts'
import type { SceneName } from './scene.ts'
import { World } from './world.ts'

export type Preview = { url: string; loginUrl: string; world: World; close(): Promise<void> }

const scopes = { read: 'read', deploy: 'deploy' } as const

/** Any code signs in, except ones that begin with `bad`; `read` and `deploy` give sessions of that access. */
function previewAccess(): AccessService {
  const sessions = new Map<string, Caller>()
  const callerFor = (code: string): Caller => ({ actor: { kind: 'session', name: 'rosa' }, access: scopes[code as keyof typeof scopes] ?? 'admin', apps: null })
  const refuse = () => Promise.reject(new AppError('internal', 'the preview does not do this'))
  return {
    callerOfToken: async () => undefined,
    callerOfSession: async (secret) => sessions.get(secret),
    isMachine: () => false,
    createLoginLink: refuse,
    async redeem(code) {
      if (code.startsWith('bad')) throw new AppError('unauthenticated', 'this login link is unknown, used or older than 15 minutes (make another: nightshift login-link)')
      const session = newSecret()
      sessions.set(session, callerFor(code))
      return { caller: callerFor(code), session, maxAgeSeconds: 86_400 }
    },
    async logout(session) {
      sessions.delete(session)
    },
    createToken: refuse,
    revokeToken: refuse,
    listTokens: refuse,
  }
}

/** What the preview does not play answers so, and the page shows its problem. */
function notPlayed(): Handlers {
  return Object.fromEntries(Object.keys(endpoints).map((id) => [id, () => Promise.reject(new AppError('unavailable', `the preview does not play ${id}`))]))
}

/** A shell that only pretends: it answers a few words. */
function terminals(): WebSocketServer {
  const server = new WebSocketServer({ noServer: true })
  server.on('connection', (socket, request: { url?: string }) => {
    const instance = new URLSearchParams(request.url?.split('?')[1]).get('ticket') ?? 'web.1'
    const prompt = `\u001b[2m${instance}\u001b[0m $ `
    let line = ''
    socket.send(Buffer.from(prompt))
    socket.on('message', (data, isBinary) => {
      if (!isBinary) return void (JSON.parse(String(data)) as TerminalToServer)
      for (const char of String(data)) {
        if (char === '\u0004' || (char === '\r' && line === 'exit')) return void (socket.send(JSON.stringify({ t: 'exit', code: 0 })), socket.close())
        if (char === '\r') {
          const answer = line === 'ls' ? 'node_modules  package.json  server.js' : line === '' ? '' : `sh: ${line}: this is only a preview`
          socket.send(Buffer.from(`\r\n${answer}${answer ? '\r\n' : ''}${prompt}`))
          line = ''
        } else if (char === '\u007f') {
          if (line !== '') socket.send(Buffer.from('\b \b'))
          line = line.slice(0, -1)
        } else {
          line += char
          socket.send(Buffer.from(char))
        }
      }
    })
  })
  return server
}

export async function startPreview({ port = 0, scene = 'night' as SceneName, consoleDir = fileURLToPath(new URL('../../console/dist', import.meta.url)) } = {}): Promise<Preview> {
  const world = new World(scene, Date.now())
  let url = ''
  const shells = terminals()
  const api = createApi({
    access: previewAccess(),
    handlers: { ...notPlayed(), ...previewHandlers(world, () => url) },
    doors: [],
    upgradeDoors: [
      (request, socket, head) => {
        if (!request.url?.startsWith('/v1/terminals/')) return false
        shells.handleUpgrade(request, socket, head, (client) => shells.emit('connection', client, request))
        return true
      },
    ],
    consoleDir,
    version: '0.1.0',
    log: createLogger({ process: 'preview', level: 'fatal' }),
  })
  await api.listen({ host: '127.0.0.1', port })
  url = `http://127.0.0.1:${(api.server.address() as AddressInfo).port}`
  world.tick(Date.now())
  const timer = setInterval(() => world.tick(Date.now()), 500)
  const code = createHash('sha256').update(url).digest('hex').slice(0, 24)
  return {
    url,
    loginUrl: `${url}/login?code=${code}`,
    world,
    async close() {
      clearInterval(timer)
      for (const client of shells.clients) client.terminate()
      await api.close()
    },
  }
}
