/**
 * Terminals: POST terminals.open makes a session and answers where to attach; the WebSocket then carries bytes both
 * ways between the caller and the agent. Binary frames are bytes; text frames are JSON: from the client
 * {t:'resize', cols, rows} | {t:'eof'}, from the server {t:'exit', code, error?}.
 * A session lives in memory only: it ends with control, with the agent, or with either side of the pipe.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { systemClock } from '#base/clock.ts'
import { AppError, messageOf } from '#base/errors.ts'
import { newId } from '#base/ids.ts'
import type { CommandSpec, InstanceSpec } from '#contract/wire.ts'
import type { Database } from '#kernel/db/db.ts'
import { type Caller, type Handlers, allows, assertSees } from '#kernel/handlers.ts'
import { record } from '#kernel/journal.ts'
import type { AccessService } from '#people/access/service.ts'
import { readEnvironment } from '#run/apps/read.ts'
import { assertService } from '#run/apps/model.ts'
import { launched } from '#run/builds/launch.ts'
import { type FleetDeps, readSurroundings, specOf } from '#run/fleet/desired.ts'
import { findInstance } from '#run/instances/read.ts'
import { currentRelease } from '#run/releases/read.ts'
import { callerOf, watchCredential } from '#surfaces/api/credentials.ts'
import type { Gateway } from '#surfaces/internal/gateway.ts'

type Pending = {
  app: string
  environment: string
  caller: Caller
  machine: string
  instance: string | undefined
  spec: InstanceSpec | undefined
  argv: string[]
  tty: { cols: number; rows: number } | null
  expires: number
}

const attachWithinMs = 60_000
const maxBufferedBytes = 4 * 1024 * 1024

export function openTerminals(deps: { db: Database; fleet: FleetDeps; gateway: Gateway; access: AccessService }) {
  const pending = new Map<string, Pending>()
  const server = new WebSocketServer({ noServer: true, maxPayload: 1024 * 1024 })

  const handlers: Handlers = {
    'terminals.open': async ({ params, query, body }, { caller, now }) => {
      const { app } = params
      const { environment } = query
      await readEnvironment(deps.db, app, environment)
      for (const [id, entry] of pending) if (entry.expires < now.getTime()) pending.delete(id)
      const id = newId('trm', now)
      const where = body.instance !== undefined ? await runningInstance(app, environment, body.instance, body.command) : await freshInstance(app, environment, body.service, body.command)
      pending.set(id, { ...where, app, environment, caller, tty: body.tty, expires: now.getTime() + attachWithinMs })
      await deps.db.transaction((tx) => record(tx, { at: now, kind: 'terminal.opened', actor: caller.actor, app, environment, instance: body.instance ?? null, summary: `${caller.actor.name} opened "${body.command.join(' ').slice(0, 200)}" in ${body.instance ? `${app}/${body.instance}` : `a fresh instance of ${app}`}`, data: { terminal: id } }))
      return { id, path: `/v1/terminals/${id}` }
    },
  }

  async function runningInstance(app: string, environment: string, name: string, argv: string[]) {
    const [service, ordinal] = name.split('.') as [string, string]
    const row = await findInstance(deps.db, app, environment, service, Number(ordinal))
    if (!row) throw new AppError('not-found', `${app} has no running instance ${name} (see: nightshift ps -a ${app})`)
    const { artifact, manifest } = await readSurroundings(deps.fleet, app, environment, row.release)
    return { machine: row.machine, instance: row.id, spec: undefined, argv: argvOf(launched(artifact.meta, manifest.services[service]?.root ?? '.', { kind: 'argv', argv })) }
  }

  async function freshInstance(app: string, environment: string, wanted: string | undefined, argv: string[]) {
    const release = await currentRelease(deps.db, app, environment)
    if (!release) throw new AppError('conflict', `${app} has no release to run yet (deploy it first: nightshift deploy)`)
    const place = deps.gateway.placement()
    if (!place) throw new AppError('unavailable', 'no machine is connected to run it on (see: nightshift machines)')
    const surroundings = await readSurroundings(deps.fleet, app, environment, release.number)
    const names = Object.keys(surroundings.manifest.services)
    const service = wanted ?? (names.includes('web') ? 'web' : (names[0] as string))
    assertService(names, service, app)
    const row = { id: newId('ins'), generation: 1, kind: 'run' as const, app, environment, service, ordinal: 1 + Math.floor(Math.random() * 9000), machine: place.machine }
    const spec = await specOf(deps.fleet, row, surroundings)
    const root = surroundings.manifest.services[service]?.root ?? '.'
    const name = `run.${row.ordinal}`
    return { machine: place.machine, instance: undefined, spec: { ...spec, name, env: { ...spec.env, NIGHTSHIFT_INSTANCE: name } }, argv: argvOf(launched(surroundings.artifact.meta, root, { kind: 'argv', argv })) }
  }

  function attach(socket: WebSocket, id: string, entry: Pending, request: IncomingMessage): void {
    const finish = (code: number | null, error?: string) => {
      if (socket.readyState === socket.OPEN) {
        socket.send(JSON.stringify({ t: 'exit', code, ...(error === undefined ? {} : { error }) }))
        socket.close(1000)
      }
      unsubscribe()
    }
    const unsubscribe = deps.gateway.onSession(entry.machine, id, (message) => {
      if (message.t === 'session.output') {
        if (socket.bufferedAmount > maxBufferedBytes) return finish(null, 'the terminal was too slow to take the output')
        socket.send(Buffer.from(message.data, 'base64'))
      } else if (message.t === 'session.closed') finish(message.exitCode, message.error)
      else if (message.t === 'lost') finish(null, 'the machine\'s agent went away')
    })
    let lapsed = false
    const unwatch = watchCredential(request, deps.access, systemClock, () => {
      lapsed = true // the client may take its time to close: nothing more of it reaches the command
      deps.gateway.send(entry.machine, { t: 'session.close', session: id })
      finish(null, 'the credential of this terminal was revoked or has expired')
    })
    socket.on('message', (data, isBinary) => {
      if (lapsed) return
      const bytes = data as Buffer
      if (isBinary) return void (bytes.length > 0 && deps.gateway.send(entry.machine, { t: 'session.input', session: id, data: bytes.toString('base64') }))
      try {
        const message = JSON.parse(bytes.toString('utf8')) as { t?: string; cols?: number; rows?: number }
        if (message.t === 'eof') deps.gateway.send(entry.machine, { t: 'session.input', session: id, data: '' })
        else if (message.t === 'resize' && isSize(message.cols) && isSize(message.rows)) deps.gateway.send(entry.machine, { t: 'session.resize', session: id, cols: message.cols, rows: message.rows })
      } catch {
        socket.close(1007, 'text frames are JSON')
      }
    })
    socket.on('error', () => socket.terminate())
    socket.on('close', () => {
      unwatch()
      unsubscribe()
      deps.gateway.send(entry.machine, { t: 'session.close', session: id })
      deps.db.transaction((tx) => record(tx, { at: new Date(), kind: 'terminal.closed', actor: entry.caller.actor, app: entry.app, environment: entry.environment, summary: `the terminal of ${entry.caller.actor.name} in ${entry.app} was closed`, data: { terminal: id } })).catch(() => {})
    })
    const opened = deps.gateway.send(entry.machine, { t: 'session.open', session: id, argv: entry.argv, tty: entry.tty, ...(entry.instance === undefined ? {} : { instance: entry.instance }), ...(entry.spec === undefined ? {} : { spec: entry.spec }) })
    if (!opened) finish(null, `the machine ${entry.machine} is not connected`)
  }

  async function admit(request: IncomingMessage, socket: Duplex, head: Buffer, id: string): Promise<void> {
    const caller = await callerOf(request, deps.access, new Date())
    const entry = pending.get(id)
    const own = entry !== undefined && entry.expires > Date.now() && entry.caller.actor.name === caller.actor.name && entry.caller.actor.kind === caller.actor.kind
    if (!own || !allows(caller, 'deploy')) throw new AppError('not-found', 'this terminal is unknown or was attached to already')
    assertSees(caller, entry.app)
    pending.delete(id)
    server.handleUpgrade(request, socket, head, (client) => attach(client, id, entry, request))
  }

  return {
    handlers,
    upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
      const id = /^\/v1\/terminals\/(trm_[0-9a-z]{20})(\?|$)/.exec(request.url ?? '')?.[1]
      if (id === undefined) return false
      admit(request, socket, head, id).catch((error: unknown) => {
        const status = error instanceof AppError && error.code === 'unauthenticated' ? '401 Unauthorized' : error instanceof AppError && error.code === 'forbidden' ? '403 Forbidden' : '404 Not Found'
        const body = messageOf(error)
        socket.end(`HTTP/1.1 ${status}\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`)
      })
      return true
    },
    close: () => server.close(),
  }
}

function isSize(value: number | undefined): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 1000
}

function argvOf(command: CommandSpec): string[] {
  if (command.kind === 'argv') return command.argv
  throw new AppError('internal', 'a terminal command is always an argument array')
}
