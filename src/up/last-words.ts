import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const tailBytes = 8 * 1024

/** Why a process of ours ended, if the last line of its log says so; of one that was killed, it says nothing. */
export function lastWords(logFile: string): string | undefined {
  const line = lastLine(logFile)
  if (line.startsWith('error: ')) return line.slice('error: '.length)
  if (!line.startsWith('{')) return undefined
  try {
    const { level, err } = JSON.parse(line) as { level?: unknown; err?: { message?: unknown } }
    return level === 'fatal' && typeof err?.message === 'string' ? err.message : undefined
  } catch {
    return undefined
  }
}

function lastLine(file: string): string {
  let fd: number
  try {
    fd = openSync(file, 'r')
  } catch {
    return ''
  }
  try {
    const { size } = fstatSync(fd)
    const buffer = Buffer.alloc(Math.min(size, tailBytes))
    readSync(fd, buffer, 0, buffer.length, size - buffer.length)
    return buffer.toString('utf8').trimEnd().split('\n').at(-1) ?? ''
  } finally {
    closeSync(fd)
  }
}
