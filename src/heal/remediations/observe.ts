/** Everything the plan decides from, read anew each turn; signals are kept on the way. */
import type { Database } from '#kernel/db/db.ts'
import { openAlerts } from '#watch/alerts/read.ts'
import { suspectMs } from '#heal/causes/cause-of.ts'
import { readChanges } from '#heal/causes/read-changes.ts'
import { openPauses } from '#heal/pauses/read.ts'
import { keepSignals } from '#heal/signals/keep.ts'
import { isOthers } from '#watch/alerts/model.ts'
import type { HealFacts } from './model.ts'
import { readRuleSettings, readStop, recentRemediations } from './read.ts'

export async function observe(db: Database, now: Date): Promise<HealFacts> {
  const { signals, services, machines } = await keepSignals(db, now)
  return db.snapshot(async (tx) => {
    const began = signals.map((signal) => signal.since.getTime())
    return {
      signals, services, machines, now,
      changes: signals.length === 0 ? [] : await readChanges(tx, new Date(Math.min(...began) - suspectMs)),
      remediations: await recentRemediations(tx, now),
      // those of checks and rules are theirs to clear
      alerts: (await openAlerts(tx)).filter(({ target }) => !isOthers(target)),
      ...(await readRuleSettings(tx)),
      pauses: await openPauses(tx, now),
      stopped: await readStop(tx),
    }
  })
}
