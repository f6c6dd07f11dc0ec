/** Lines for tests and benchmarks: what apps really print, and what they should not. */
import type { LogBatch, LogEntry, LogStream } from '#contract/wire.ts'

/** A small generator of repeatable randomness (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

const odd = ['', 'İstanbul ΣΟΣ ß', '日本語のログ', 'tab\there\\n backslash \\', 'nul\0inside', 'lone \ud800 surrogate', 'two\nlines\r\n', '\\.', '😀 emoji', '273 \u212aelvin']

export function lineText(random: () => number, id: number): string {
  const kind = random()
  const hex = () => Math.floor(random() * 0xffffffff).toString(16).padStart(8, '0')
  if (kind < 0.03) return odd[Math.floor(random() * odd.length)] as string
  if (kind < 0.3) return JSON.stringify({ level: [20, 30, 30, 40, 50][Math.floor(random() * 5)], msg: 'request completed', reqId: `req-${id}-${hex()}`, responseTime: random() * 100 })
  if (kind < 0.5) return `${['INFO', 'WARN', 'ERROR', 'DEBUG'][Math.floor(random() * 4)]} worker ${Math.floor(random() * 9)} took job ${hex()}${hex()} from queue mail in ${Math.floor(random() * 900)} ms`
  return `10.${Math.floor(random() * 255)}.${Math.floor(random() * 255)}.7 - - "GET /items/${hex()} HTTP/1.1" ${[200, 200, 304, 404, 502][Math.floor(random() * 5)]} ${Math.floor(random() * 50_000)} trace=${hex()}${hex()}`
}

export function batchOf(source: string, from: number, entries: LogEntry[], labels: Partial<LogBatch> = {}): LogBatch {
  return { source, app: 'shop', environment: 'production', service: 'web', instance: 'web.1', release: 1, machine: 'm1', from, to: from + entries.length, dropped: 0, entries, ...labels }
}

export function entry(text: string, atMs = Date.now(), stream: LogStream = 'stdout'): LogEntry {
  return { at: new Date(atMs).toISOString(), stream, text }
}
