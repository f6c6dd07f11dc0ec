/**
 * Syslog over TCP or TLS. The protocol has no answers: lines count as sent when the system has taken them for a connection that still
 * stands. What a receiver has not read when it dies is lost, with this kind alone.
 */
import { type Socket, connect as connectPlain } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { networkWords } from '#base/network-words.ts'
import { assertPublicHost, publicLookup } from '#base/public-address.ts'
import { DeliveryError, type DrainKind, type Target } from '../port.ts'
import { framed, syslogMessage } from './message.ts'

const timeoutMs = 15_000

export const syslogDrain: DrainKind = {
  name: 'syslog',
  schemes: ['syslog', 'syslog+tls'],
  example: 'syslog+tls://logs.example.com:6514',
  open(target) {
    let socket: Socket | undefined
    return {
      async send(lines, signal) {
        const ending = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
        try {
          if (socket === undefined || socket.destroyed || !socket.writable || socket.readableEnded) socket = await open(target, ending)
          await write(socket, lines.map((line) => framed(syslogMessage(line))).join(''), ending)
        } catch (error) {
          socket?.destroy()
          socket = undefined
          signal.throwIfAborted()
          throw new DeliveryError(ending.aborted ? `it took no lines within ${timeoutMs / 1000} s` : networkWords(error, target.url.host), 'again', { cause: error })
        }
      },
      close() {
        socket?.end()
        socket = undefined
      },
    }
  },
}

function open({ url, ca, anyAddress }: Target, signal: AbortSignal): Promise<Socket> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (!anyAddress) assertPublicHost(host)
  const isTls = url.protocol === 'syslog+tls:'
  const at = { host, port: Number(url.port) || (isTls ? 6514 : 514), ...(anyAddress ? {} : { lookup: publicLookup }) }
  return settled(signal, (resolve, reject) => {
    const socket: Socket = isTls ? connectTls({ ...at, ...(ca === undefined ? {} : { ca }), ...(/[a-z]/i.test(host) && !host.includes(':') ? { servername: host } : {}) }) : connectPlain({ ...at, keepAlive: true })
    socket.once(isTls ? 'secureConnect' : 'connect', () => resolve(socket))
    socket.on('error', reject) // later ones show in `destroyed`
    socket.on('end', () => socket.destroy()) // it has nothing to say to us, so its end is the end of all
    socket.resume()
    return () => socket.destroy()
  })
}

function write(socket: Socket, text: string, signal: AbortSignal): Promise<void> {
  return settled(signal, (resolve, reject) => {
    const lost = () => reject(new Error('the connection broke'))
    socket.once('close', lost)
    socket.write(text, (error) => {
      socket.off('close', lost)
      if (error) reject(error)
      else resolve()
    })
  })
}

/** A promise that the signal ends. */
function settled<T>(signal: AbortSignal, start: (resolve: (value: T) => void, reject: (error: unknown) => void) => (() => void) | void): Promise<T> {
  return new Promise((resolve, reject) => {
    let cancel: (() => void) | void
    const onAbort = () => {
      cancel?.()
      reject(signal.reason)
    }
    const done = () => signal.removeEventListener('abort', onAbort)
    signal.addEventListener('abort', onAbort, { once: true })
    cancel = start(
      (value) => (done(), resolve(value)),
      (error) => (done(), reject(error)),
    )
  })
}
