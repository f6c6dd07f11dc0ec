/** Keeps one pump for each forward there is. */
import type { SecretBox } from '#base/secretbox.ts'
import type { Loop } from '#kernel/loop.ts'
import { keepPumps } from '#watch/pumps.ts'
import { type ForwardDeps, startForward } from './pump.ts'
import { allForwards } from './read.ts'
import { openForward } from './sender.ts'

export function startForwards(deps: ForwardDeps & { box: SecretBox; periodMs?: number }): Loop {
  return keepPumps({ name: 'forwards', what: 'forward', periodMs: deps.periodMs ?? 10_000, log: deps.log, rows: () => allForwards(deps.db), start: (row) => startForward(deps, row.id, openForward(deps.box, row)) })
}
