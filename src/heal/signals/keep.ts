/** Looks, and keeps since when what is seen holds: survives a restart of control, so that a condition need not begin anew. */
import type { Database } from '#kernel/db/db.ts'
import { conditionsOf } from './conditions.ts'
import { nextSignals } from './hold.ts'
import type { MachineFacts, ServiceFacts, Signal } from './model.ts'
import { readMachineFacts, readServiceFacts } from './read-facts.ts'
import { readSignals, saveSignals } from './store.ts'

export async function keepSignals(db: Database, now: Date): Promise<{ signals: Signal[]; services: ServiceFacts[]; machines: MachineFacts[] }> {
  const { kept, services, machines } = await db.snapshot(async (tx) => ({ kept: await readSignals(tx), services: await readServiceFacts(tx, now), machines: await readMachineFacts(tx) }))
  const signals = nextSignals(kept, conditionsOf(services, machines, now), now)
  if (signals.length > 0 || kept.length > 0) await saveSignals(db, signals)
  return { signals, services, machines }
}
