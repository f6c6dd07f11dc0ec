/** Keeps one pump for each drain there is. */
import { messageOf } from '#base/errors.ts'
import type { SecretBox } from '#base/secretbox.ts'
import { type Loop, type TurnReport, startLoop } from '#kernel/loop.ts'
import { kindOf } from './kinds.ts'
import type { DrainRow } from './model.ts'
import type { Sender } from './port.ts'
import { type Pump, type PumpDeps, startPump } from './pump.ts'
import { allDrains } from './read.ts'
import { openTarget } from './target.ts'

export function openSender(box: SecretBox, row: DrainRow): Sender {
  return kindOf(row.kind).open(openTarget(box, row))
}

export function startDrains(deps: PumpDeps & { box: SecretBox; periodMs?: number }): Loop {
  const pumps = new Map<string, Pump>()

  async function turn(): Promise<TurnReport> {
    const report: TurnReport = { actions: [], waiting: [] }
    const rows = await allDrains(deps.db)
    const there = new Set(rows.map((row) => row.id))
    for (const [id, pump] of pumps) {
      if (there.has(id)) continue
      pumps.delete(id)
      await pump.close()
      report.actions.push(`stopped drain ${id}, because it was removed`)
    }
    for (const row of rows) {
      if (row.failing_since !== null) report.waiting.push(`drain ${row.id} to ${row.shown}: ${row.last_error}`)
      if (pumps.has(row.id)) continue
      try {
        pumps.set(row.id, startPump(deps, row.id, openSender(deps.box, row)))
        report.actions.push(`started drain ${row.id} to ${row.shown}`)
      } catch (error) {
        report.waiting.push(`drain ${row.id} to ${row.shown} cannot be started: ${messageOf(error)}`)
      }
    }
    return report
  }

  const loop = startLoop({ name: 'drains', periodMs: deps.periodMs ?? 10_000, turn, onError: (error) => deps.log.error({ err: error }, 'drains turn failed') })
  return {
    ...loop,
    async close() {
      await loop.close()
      await Promise.all([...pumps.values()].map((pump) => pump.close()))
    },
  }
}
