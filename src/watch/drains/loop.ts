/** Keeps one pump for each drain there is. */
import type { SecretBox } from '#base/secretbox.ts'
import type { Loop } from '#kernel/loop.ts'
import { keepPumps } from '#watch/pumps.ts'
import { kindOf } from './kinds.ts'
import { type DrainRow, targetPlace } from './model.ts'
import type { Sender } from './port.ts'
import { type PumpDeps, startPump } from './pump.ts'
import { allDrains } from './read.ts'
import { openTarget } from './target.ts'

export function openSender(box: SecretBox, row: DrainRow): Sender {
  return kindOf(row.kind).open(openTarget(box, targetPlace(row.id), row.sealed, row.any_address))
}

export function startDrains(deps: PumpDeps & { box: SecretBox; periodMs?: number }): Loop {
  return keepPumps({ name: 'drains', what: 'drain', periodMs: deps.periodMs ?? 10_000, log: deps.log, rows: () => allDrains(deps.db), start: (row) => startPump(deps, row.id, openSender(deps.box, row)) })
}
