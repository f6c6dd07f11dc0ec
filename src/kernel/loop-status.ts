/** Keeps what each loop did last where operators can read it, also after control has ended. */
import type { Database, Db } from './db/db.ts'
import type { Loop, LoopStatus } from './loop.ts'

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

const mostWords = 50

/** As last told, at most some ten seconds ago while control runs. */
export async function readLoopStatus(db: Db): Promise<LoopStatus[]> {
  const rows = await db.query<{ status: LoopStatus }>('SELECT status FROM loop_status ORDER BY name')
  return rows.map(({ status: { name, startedAt, tookMs, turns, actions, waiting, errors } }) => ({ name, startedAt, tookMs, turns, errors, actions: actions.slice(0, mostWords), waiting: waiting.slice(0, mostWords) }))
}
