/** What sends on without end, one pump a row: begun, kept going over faults, and stopped when its row is gone. */
import { sleep } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import type { Logger } from '#kernel/log.ts'
import { type Loop, type TurnReport, startLoop } from '#kernel/loop.ts'

export type Pump = { close(): Promise<void> }

const restMs = 2000

/** `work` goes on from what is stored until it breaks, or resolves to whether it shall be begun again. */
export function runPump({ work, onBroken, onClosed }: { work: (signal: AbortSignal) => Promise<boolean>; onBroken: (error: unknown) => void; onClosed: () => void }): Pump {
  const closing = new AbortController()
  const { signal } = closing
  const run = async () => {
    while (!signal.aborted) {
      try {
        if (!(await work(signal))) return
      } catch (error) {
        if (signal.aborted) return
        onBroken(error)
        await sleep(restMs, signal).catch(() => {})
      }
    }
  }
  const done = run().finally(onClosed)
  return {
    async close() {
      closing.abort(new Error('it is closing'))
      await done
    },
  }
}

type Row = { id: string; shown: string; failing_since: Date | null; last_error: string | null }
type Options<R extends Row> = { name: string; /** Of a row, for people. */ what: string; periodMs: number; log: Logger; rows: () => Promise<R[]>; start: (row: R) => Pump }

export function keepPumps<R extends Row>({ name, what, periodMs, log, rows, start }: Options<R>): Loop {
  const pumps = new Map<string, Pump>()

  async function turn(): Promise<TurnReport> {
    const report: TurnReport = { actions: [], waiting: [] }
    const all = await rows()
    const there = new Set(all.map((row) => row.id))
    for (const [id, pump] of pumps) {
      if (there.has(id)) continue
      pumps.delete(id)
      await pump.close()
      report.actions.push(`stopped ${what} ${id}, because it was removed`)
    }
    for (const row of all) {
      if (row.failing_since !== null) report.waiting.push(`${what} ${row.id} to ${row.shown}: ${row.last_error}`)
      if (pumps.has(row.id)) continue
      try {
        pumps.set(row.id, start(row))
        report.actions.push(`started ${what} ${row.id} to ${row.shown}`)
      } catch (error) {
        report.waiting.push(`${what} ${row.id} to ${row.shown} cannot be started: ${messageOf(error)}`)
      }
    }
    return report
  }

  const loop = startLoop({ name, periodMs, turn, onError: (error) => log.error({ err: error }, `${name} turn failed`) })
  return {
    ...loop,
    async close() {
      await loop.close()
      await Promise.all([...pumps.values()].map((pump) => pump.close()))
    },
  }
}
