/** Runs journalctl and reads what it prints no faster than it is asked for. */
import { spawn } from 'node:child_process'

export type Journalctl = { output: AsyncIterator<Buffer>; end(): void; /** What it said last, and how it ended. Does not reject. */ ended: Promise<{ code: number | string; words: string }> }

const mostWords = 500

export function runJournalctl(args: readonly string[], signal: AbortSignal): Journalctl {
  const child = spawn('journalctl', args, { stdio: ['ignore', 'pipe', 'pipe'], signal, env: { ...process.env, LC_ALL: 'C' } })
  let words = ''
  child.stderr.on('data', (data) => (words = (words + String(data)).slice(-mostWords)))
  const ended = new Promise<{ code: number | string; words: string }>((resolve) => {
    child.on('error', (error) => resolve({ code: 'not started', words: error.message }))
    child.on('close', (code, by) => resolve({ code: by ?? code ?? 'gone', words: words.trim() }))
  })
  return { output: child.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>, end: () => void child.kill(), ended }
}
