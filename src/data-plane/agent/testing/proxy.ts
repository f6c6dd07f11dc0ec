import { mkdir, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { LineSplitter } from '#base/lines.ts'
import type { AgentToProxy, Endpoint, ProxyToAgent } from '#contract/wire.ts'

/** The other end of an agent's socket to its proxy: keeps the endpoints as a proxy would, and every line it was told. */
export type ProxyEnd = AsyncDisposable & {
  endpoints: ReadonlyMap<string, Endpoint>
  told: { at: number; message: AgentToProxy }[]
  send(message: ProxyToAgent): void
  connections(): number
}

export async function proxyEnd(socketPath: string, options: { onDrain?(instance: string, answer: () => void): void } = {}): Promise<ProxyEnd> {
  await mkdir(dirname(socketPath), { recursive: true })
  await rm(socketPath, { force: true })
  const endpoints = new Map<string, Endpoint>()
  const told: ProxyEnd['told'] = []
  const sockets = new Set<Socket>()

  function send(message: ProxyToAgent) {
    for (const socket of sockets) socket.write(`${JSON.stringify(message)}\n`)
  }
  function hear(message: AgentToProxy) {
    told.push({ at: performance.now(), message })
    if (message.t === 'endpoints') {
      endpoints.clear()
      for (const endpoint of message.endpoints) endpoints.set(endpoint.instance, endpoint)
    } else if (message.t === 'endpoint') endpoints.set(message.endpoint.instance, message.endpoint)
    else if (message.t === 'gone') endpoints.delete(message.instance)
    else {
      const answer = () => send({ t: 'drained', instance: message.instance })
      if (options.onDrain) options.onDrain(message.instance, answer)
      else answer()
    }
  }
  const server = createServer((socket) => {
    sockets.add(socket)
    const lines = new LineSplitter(1 << 20)
    socket.on('data', (chunk: Buffer) => {
      for (const line of lines.push(chunk)) hear(JSON.parse(line) as AgentToProxy)
    })
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(socketPath, resolve))
  return {
    endpoints,
    told,
    send,
    connections: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
