/**
 * A command in an instance, with this terminal at its ends (the frames: `#contract/terminal.ts`). The connection carries
 * the command: when it breaks, the command is stopped.
 */
import { spawnSync } from 'node:child_process'
import type { Readable } from 'node:stream'
import { AppError } from '#base/errors.ts'
import type { TerminalToClient, TerminalToServer } from '#contract/terminal.ts'
import type { Server, Target } from './context.ts'
import type { Io } from './output.ts'

export type TerminalRequest = { instance?: string; service?: string; command: string[]; tty: boolean }

/** A far end that answers no ping for this long is gone. */
const silentMs = 20_000
/** Input is held back when this many bytes wait to be sent. */
const mostBuffered = 1024 * 1024

/** Runs to its end and answers the exit code of the command. */
export async function runTerminal(io: Io, target: Target, request: TerminalRequest): Promise<number> {
  const tty = request.tty ? { cols: within(io.stdout.columns ?? 80), rows: within(io.stdout.rows ?? 24) } : null
  const { client, app, environment } = target
  const opened = await client.call('terminals.open', { params: { app }, query: { environment }, body: { command: request.command, tty, ...(request.instance === undefined ? {} : { instance: request.instance }), ...(request.service === undefined ? {} : { service: request.service }) } })
  const exit = await attach(io, target, opened.path, tty !== null)
  if (exit.error !== undefined) throw new AppError('unavailable', exit.error)
  return exit.code ?? 1
}

function within(value: number): number {
  return Math.max(1, Math.min(1000, value))
}

async function attach(io: Io, server: Server, path: string, tty: boolean): Promise<TerminalToClient> {
  const { WebSocket } = await import('ws')
  const url = server.url.replace(/^http/, 'ws') + path
  const socket = new WebSocket(url, { headers: server.token === undefined ? {} : { authorization: `Bearer ${server.token}` }, perMessageDeflate: false })
  const { stdin, stdout } = io
  const send = (frame: TerminalToServer): void => void (socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify(frame)))
  const onResize = (): void => send({ t: 'resize', cols: within(stdout.columns ?? 80), rows: within(stdout.rows ?? 24) })
  const onInput = (chunk: Buffer | string): void => {
    if (socket.readyState !== WebSocket.OPEN) return
    socket.send(Buffer.from(chunk as Uint8Array), () => socket.bufferedAmount < mostBuffered && stdin.isPaused() && stdin.resume())
    if (socket.bufferedAmount >= mostBuffered) stdin.pause()
  }
  const onEnd = (): void => send({ t: 'eof' })
  let heard = performance.now()
  const heartbeat = setInterval(() => {
    if (performance.now() - heard > silentMs) socket.terminate()
    else if (socket.readyState === WebSocket.OPEN) socket.ping()
  }, silentMs / 4)
  try {
    return await new Promise<TerminalToClient>((resolve, reject) => {
      let exit: TerminalToClient | undefined
      socket.on('open', () => {
        if (tty) {
          stdin.setRawMode?.(true)
          leaveOutputAlone()
          ;(stdout as NodeJS.WriteStream).on?.('resize', onResize)
          onResize()
        }
        stdin.on('data', onInput).on('end', onEnd).resume()
        if ((stdin as Readable).readableEnded) onEnd()
      })
      socket.on('pong', () => (heard = performance.now()))
      socket.on('message', (data: Buffer, isBinary: boolean) => {
        if (isBinary) return void write(stdout, socket, data)
        const frame = JSON.parse(data.toString('utf8')) as Partial<TerminalToClient>
        if (frame.t === 'exit') exit = frame as TerminalToClient
      })
      socket.on('unexpected-response', (_request, response) => reject(new AppError('unavailable', `the terminal was refused: HTTP ${response.statusCode}`)))
      socket.on('error', (error) => reject(new AppError('unavailable', `the terminal broke: ${error.message}`, { cause: error })))
      socket.on('close', () => (exit === undefined ? reject(new AppError('unavailable', 'the connection was lost before the command ended (it has been stopped)')) : resolve(exit)))
    })
  } finally {
    clearInterval(heartbeat)
    ;(stdout as NodeJS.WriteStream).off?.('resize', onResize)
    stdin.off('data', onInput).off('end', onEnd)
    if (tty) stdin.setRawMode?.(false)
    stdin.pause()
    if (!tty) stdin.destroy() // a pipe that nobody closes must not keep this process
    socket.terminate()
  }
}

/**
 * Node's raw mode still turns each \n of the output into \r\n, which the far end has done already where it should be, and
 * which breaks programs that draw. Leaving raw mode restores this too. Without stty it stays as it is.
 */
function leaveOutputAlone(): void {
  spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] })
}

/** A screen that can't keep up holds the connection back. */
function write(stdout: Io['stdout'], socket: { pause(): void; resume(): void }, data: Buffer): void {
  const stream = stdout as NodeJS.WritableStream
  if (stream.write(data) === false && typeof stream.once === 'function') {
    socket.pause()
    stream.once('drain', () => socket.resume())
  }
}
