/**
 * What the proxy of this machine is told: where each instance is and whether it may get requests.
 *
 * The agent holds the truth and the proxy a copy: the whole of it on every connect, one line per change after that. It
 * says nothing before it knows (`announce`), so that a proxy goes on with what a killed agent told it last.
 * While the proxy is away nothing is lost and nothing waits: a drain counts as done, because requests in flight went
 * with the proxy that carried them.
 */
import net from 'node:net'
import type { AgentToProxy, Endpoint, ProxyToAgent } from '#contract/wire.ts'
import { backoffMs } from '#base/backoff.ts'
import { LineSplitter } from '#base/lines.ts'
import { messageOf } from '#base/errors.ts'
import type { Log } from './log.ts'

export type Endpoints = {
  /** What is set by now is the whole truth: connect and tell it. Idempotent. */
  announce(): void
  /** Sent only when it differs from what the proxy knows. */
  set(endpoint: Endpoint): void
  /** Out of rotation at once; nothing when it has no endpoint. */
  unready(instance: string): void
  gone(instance: string): void
  /** No new requests; resolves when the last one in flight has ended, or after `limitMs`. */
  drain(instance: string, limitMs: number): Promise<'drained' | 'out of time' | 'proxy away'>
  list(): Endpoint[]
  connected(): boolean
  close(): void
}

export type EndpointsOptions = {
  socketPath: string
  /** The proxy saw the instance fail. */
  onSuspect(instance: string, because: string): void
  log: Log
  retryMinMs?: number
  retryMaxMs?: number
}

export function openEndpoints(options: EndpointsOptions): Endpoints {
  const { retryMinMs = 50, retryMaxMs = 1_000, log } = options
  const known = new Map<string, Endpoint>()
  const draining = new Map<string, Set<(outcome: 'drained' | 'proxy away') => void>>()
  let socket: net.Socket | undefined
  let retry: NodeJS.Timeout | undefined
  let failures = 0
  let saidAway = false
  let closed = false
  let announced = false

  function send(message: AgentToProxy) {
    if (socket) socket.write(`${JSON.stringify(message)}\n`)
  }

  function settle(instance: string, outcome: 'drained' | 'proxy away') {
    for (const resolve of draining.get(instance) ?? []) resolve(outcome)
    draining.delete(instance)
  }

  function receive(line: string) {
    const message = JSON.parse(line) as ProxyToAgent
    if (message.t === 'drained') settle(message.instance, 'drained')
    else if (message.t === 'suspect') options.onSuspect(message.instance, message.because)
  }

  function connect() {
    const attempt = net.connect(options.socketPath)
    const lines = new LineSplitter(1024 * 1024)
    attempt.on('connect', () => {
      socket = attempt
      failures = 0
      if (saidAway) log.info({ socket: options.socketPath }, 'connected to the proxy again')
      saidAway = false
      send({ t: 'endpoints', endpoints: [...known.values()] })
      for (const instance of draining.keys()) send({ t: 'drain', instance })
    })
    attempt.on('data', (chunk: Buffer) => {
      for (const line of lines.push(chunk)) {
        try {
          receive(line)
        } catch (error) {
          log.warn({ error: messageOf(error) }, 'a line from the proxy was not understood')
        }
      }
    })
    attempt.on('error', (error) => sayAway(messageOf(error)))
    attempt.on('close', () => {
      if (socket === attempt) socket = undefined
      if (closed) return
      sayAway('the connection closed')
      for (const instance of draining.keys()) settle(instance, 'proxy away')
      retry = setTimeout(connect, backoffMs(retryMinMs, retryMaxMs, failures++))
    })
  }

  /** Once per outage. */
  function sayAway(because: string) {
    if (saidAway || closed) return
    saidAway = true
    log.warn({ socket: options.socketPath, because }, 'no connection to the proxy; going on without it')
  }

  return {
    announce() {
      if (announced || closed) return
      announced = true
      connect()
    },
    set(endpoint) {
      const before = known.get(endpoint.instance)
      if (before && sameEndpoint(before, endpoint)) return
      known.set(endpoint.instance, endpoint)
      send({ t: 'endpoint', endpoint })
    },
    unready(instance) {
      const before = known.get(instance)
      if (!before || before.state === 'unready') return
      const endpoint = { ...before, state: 'unready' as const }
      known.set(instance, endpoint)
      send({ t: 'endpoint', endpoint })
    },
    gone(instance) {
      if (known.delete(instance)) send({ t: 'gone', instance })
      settle(instance, 'drained')
    },
    drain(instance, limitMs) {
      const before = known.get(instance)
      if (!before) return Promise.resolve('drained')
      known.set(instance, { ...before, state: 'draining' })
      if (!socket) return Promise.resolve('proxy away')
      return new Promise((resolve) => {
        const timer = setTimeout(() => finish('out of time'), limitMs)
        const finish = (outcome: 'drained' | 'out of time' | 'proxy away') => {
          clearTimeout(timer)
          draining.get(instance)?.delete(finish)
          resolve(outcome)
        }
        draining.set(instance, (draining.get(instance) ?? new Set()).add(finish))
        send({ t: 'drain', instance })
      })
    },
    list: () => [...known.values()],
    connected: () => socket !== undefined,
    close() {
      closed = true
      clearTimeout(retry)
      socket?.destroy()
      for (const instance of draining.keys()) settle(instance, 'proxy away')
    },
  }
}

function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.host === b.host && a.port === b.port && a.state === b.state && a.service === b.service
}
