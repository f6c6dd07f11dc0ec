/**
 * A process of ours answers on a Unix socket how it is; its supervisor and `nightshift status` ask. An answer proves that
 * its event loop turns, which a living pid does not. Anyone who may enter `<home>/run` may ask; it tells no secret.
 */
import { rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { AppError } from '#base/errors.ts'

export type StatusReport = { pid: number; ready: boolean; /** Port numbers it listens on, by use. */ ports: Record<string, number> }

/** sun_path of unix(7) holds 108 bytes on Linux, 104 elsewhere, with a closing zero. */
const longestPath = 103

export function assertSocketPath(path: string): void {
  if (Buffer.byteLength(path) > longestPath)
    throw new AppError('invalid', `${path} is too long for a Unix socket: ${Buffer.byteLength(path)} bytes of at most ${longestPath} (choose a home with a shorter path)`)
}

/** Answers every connection with one JSON line. Replaces what a dead process left at `path`. */
export async function serveStatus(path: string, report: () => StatusReport): Promise<{ close(): void }> {
  assertSocketPath(path)
  rmSync(path, { force: true })
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.end(`${JSON.stringify(report())}\n`)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  server.unref()
  return { close: () => void server.close() }
}

/** The answer, or undefined where none comes within `timeoutMs`. */
export function askStatus(path: string, timeoutMs: number): Promise<StatusReport | undefined> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(path)
    const end = (report: StatusReport | undefined) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(report)
    }
    const timer = setTimeout(() => end(undefined), timeoutMs)
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => (text += chunk))
    socket.on('error', () => end(undefined))
    socket.on('end', () => {
      try {
        end(JSON.parse(text) as StatusReport)
      } catch {
        end(undefined)
      }
    })
  })
}
