/** Keeps what each loop did last where operators can read it, also after control has ended. */
import type { Database } from './db/db.ts'
import type { Loop } from './loop.ts'

export function keepLoopStatus(db: Database, loops: readonly Loop[], periodMs = 10_000): { close(): void } {
  const seen = new Map<string, number>()
  const timer = setInterval(() => {
    for (const loop of loops) {
      const status = loop.status()
      if (seen.get(loop.name) === status.turns) continue
      seen.set(loop.name, status.turns)
      db.query(
        'INSERT INTO loop_status (name, status, updated_at) VALUES ($1, $2, now()) ON CONFLICT (name) DO UPDATE SET status = $2, updated_at = now()',
        [loop.name, status],
      ).catch(() => {}) // told again next time
    }
  }, periodMs)
  timer.unref()
  return { close: () => clearInterval(timer) }
}
