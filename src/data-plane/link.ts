import { WebSocket } from 'ws'
import { backoffMs } from '#base/backoff.ts'
import { messageOf } from '#base/errors.ts'

/**
 * The outward connection of an agent or a proxy to control: one WebSocket, JSON both ways, kept open for ever.
 *
 * It is not a queue: what `send` cannot hand to an open socket is refused (`false`), and the owner sends the whole
 * truth again from `onOpen`. What must not be lost goes by HTTP POST, whose 2xx means stored.
 */
export type LinkLog = (level: 'info' | 'warn', message: string) => void

export type LinkOptions<In> = {
  /** `http(s)://` or `ws(s)://`, with path: `http://127.0.0.1:7400/internal/proxy`. */
  url: string
  token: string
  /** One parsed JSON message. A throw is logged and does not end the link. */
  onMessage(message: In): void
  /** After every (re)connect, before any message: say hello here. */
  onOpen(): void
  onClose?(): void
  log: LinkLog
  /** First and longest wait before another try, in milliseconds. */
  backoffMinMs?: number
  backoffMaxMs?: number
  /** A peer that is silent for two of these is taken for dead. */
  pingMs?: number
}

export type Link<Out> = {
  /** False when not connected (nothing was sent). */
  send(message: Out): boolean
  connected(): boolean
  /** Ends the link for good; no callback fires afterwards. */
  close(): void
}

const maxMessageBytes = 64 * 1024 * 1024

export function openLink<In, Out>(options: LinkOptions<In>): Link<Out> {
  const { backoffMinMs = 100, backoffMaxMs = 5_000, pingMs = 10_000, log } = options
  const url = options.url.replace(/^http/, 'ws')
  let socket: WebSocket | undefined
  let retry: NodeJS.Timeout | undefined
  let failures = 0
  let saidAway = false
  let closed = false

  function connect() {
    const ws = new WebSocket(url, {
      headers: { authorization: `Bearer ${options.token}` },
      perMessageDeflate: false,
      handshakeTimeout: 5_000,
      maxPayload: maxMessageBytes,
    })
    socket = ws
    let alive = true
    const ping = setInterval(() => {
      if (ws.readyState !== WebSocket.OPEN) return
      if (!alive) return ws.terminate()
      alive = false
      ws.ping()
    }, pingMs)
    ws.on('open', () => {
      failures = 0
      if (saidAway) log('info', `connected to ${url} again`)
      saidAway = false
      options.onOpen()
    })
    ws.on('pong', () => {
      alive = true
    })
    ws.on('ping', () => {
      alive = true
    })
    ws.on('message', (data) => {
      alive = true
      try {
        options.onMessage(JSON.parse(String(data)) as In)
      } catch (error) {
        log('warn', `a message from ${url} was not understood: ${messageOf(error)}`)
      }
    })
    ws.on('error', (error) => sayAway(messageOf(error)))
    ws.on('close', () => {
      clearInterval(ping)
      if (socket !== ws || closed) return
      socket = undefined
      options.onClose?.()
      sayAway('the connection closed')
      again()
    })
  }

  /** Once per outage: a control plane that is away for an hour is one line, not a thousand. */
  function sayAway(because: string) {
    if (saidAway || closed) return
    saidAway = true
    log('warn', `no connection to ${url}: ${because} (going on without it, trying again)`)
  }

  function again() {
    const ceiling = backoffMs(backoffMinMs, backoffMaxMs, failures++)
    retry = setTimeout(connect, ceiling / 2 + Math.random() * (ceiling / 2))
  }

  connect()
  return {
    send(message) {
      if (socket?.readyState !== WebSocket.OPEN) return false
      socket.send(JSON.stringify(message))
      return true
    },
    connected: () => socket?.readyState === WebSocket.OPEN,
    close() {
      closed = true
      clearTimeout(retry)
      socket?.terminate()
    },
  }
}
