import type { WebSocket } from 'ws'
import type { Logger } from '#kernel/log.ts'

const heartbeatMs = 15_000

/** Messages of one connection are handled in order; a broken one ends the connection, and the peer comes again. */
export function listen(socket: WebSocket, { onMessage, onClose, log }: { onMessage(message: unknown): Promise<void>; onClose(): void; log: Logger }): void {
  let chain = Promise.resolve()
  let isAlive = true
  const heartbeat = setInterval(() => {
    if (!isAlive) return socket.terminate() // no pong since the last ping: its machine may have lost power
    isAlive = false
    socket.ping()
  }, heartbeatMs)
  socket.on('pong', () => void (isAlive = true))
  socket.on('message', (data) => {
    chain = chain
      .then(() => onMessage(JSON.parse(data.toString('utf8'))))
      .catch((error: unknown) => {
        log.warn({ err: error }, 'a message of the data plane could not be handled')
        socket.close(1011, 'could not be handled')
      })
  })
  socket.on('error', (error) => log.warn({ err: error }, 'data plane connection'))
  socket.on('close', () => {
    clearInterval(heartbeat)
    onClose()
  })
}
