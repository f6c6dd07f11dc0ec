import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { messageOf } from '#base/errors.ts'
import { LineSplitter } from '#base/lines.ts'
import type { AgentToProxy, Endpoint, EndpointState, ProxyToAgent } from '#contract/wire.ts'
import type { LinkLog } from '../link.ts'

/**
 * Where the agent of this machine tells the proxy who is ready: a Unix socket, one JSON object a line, both ways.
 * A line that is not a message is said and skipped. Without an agent the last word stands.
 */
const maxLineBytes = 8 * 1024 * 1024
const endpointStates: readonly EndpointState[] = ['ready', 'unready', 'draining']

export class AgentSocket {
  readonly #server: Server
  readonly #agents = new Set<Socket>()
  readonly #path: string

  private constructor(server: Server, path: string) {
    this.#server = server
    this.#path = path
  }

  static async open(path: string, onMessage: (message: AgentToProxy) => void, log: LinkLog): Promise<AgentSocket> {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    rmSync(path, { force: true })
    const server = createServer()
    const self = new AgentSocket(server, path)
    server.on('connection', (socket) => self.#serve(socket, onMessage, log))
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, resolve)
    })
    chmodSync(path, 0o600)
    return self
  }

  /** To every agent that is connected; one that is not will say everything again when it comes. */
  tell(message: ProxyToAgent): void {
    const line = `${JSON.stringify(message)}\n`
    for (const agent of this.#agents) agent.write(line)
  }

  async close(): Promise<void> {
    for (const agent of this.#agents) agent.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
    rmSync(this.#path, { force: true })
  }

  #serve(socket: Socket, onMessage: (message: AgentToProxy) => void, log: LinkLog): void {
    const lines = new LineSplitter(maxLineBytes)
    this.#agents.add(socket)
    socket.on('close', () => this.#agents.delete(socket))
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      for (const line of lines.push(chunk as Buffer)) {
        try {
          onMessage(parseMessage(line))
        } catch (error) {
          log('warn', `a line from the agent was not understood: ${messageOf(error)}`)
        }
      }
    })
  }
}

function parseMessage(line: string): AgentToProxy {
  const message = JSON.parse(line) as AgentToProxy
  switch (message.t) {
    case 'endpoints':
      for (const endpoint of message.endpoints) checkEndpoint(endpoint)
      return message
    case 'endpoint':
      checkEndpoint(message.endpoint)
      return message
    case 'gone':
    case 'drain':
      if (typeof message.instance !== 'string') throw new TypeError(`"${message.t}" without an instance`)
      return message
    default:
      throw new TypeError(`unknown kind ${JSON.stringify((message as { t?: unknown }).t)}`)
  }
}

function checkEndpoint(endpoint: Endpoint): void {
  const { instance, name, service, host, port, state } = endpoint
  if (typeof instance !== 'string' || typeof service !== 'string' || typeof host !== 'string') throw new TypeError('an endpoint without instance, service or host')
  if (name !== undefined && typeof name !== 'string') throw new TypeError(`${instance} has a name that is no text`)
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new TypeError(`${instance} has no port: ${port}`)
  if (!endpointStates.includes(state)) throw new TypeError(`${instance} has an unknown state: ${state}`)
}
