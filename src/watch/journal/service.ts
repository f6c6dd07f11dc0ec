import { type EventKind } from '#contract/events.ts'
import type { FactBatch } from '#contract/wire.ts'
import type { Database } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import { sentenceOf } from './sentences.ts'

/** Facts of an agent → events, each stored once by its id. One that cannot be understood is refused alone; its id is answered. */
export async function ingestFacts(db: Database, batch: FactBatch): Promise<{ refused: string[] }> {
  const refused: string[] = []
  await db.transaction(async (tx) => {
    for (const fact of batch.facts) {
      const summary = sentenceOf(fact)
      const at = new Date(fact.at)
      if (summary === undefined || Number.isNaN(at.getTime()) || typeof fact.id !== 'string') {
        refused.push(String(fact.id))
        continue
      }
      const { name, ...data } = fact.data
      await record(tx, {
        at, kind: fact.kind as EventKind, actor: { kind: 'agent', name: batch.machine }, machine: batch.machine, factId: fact.id, summary,
        app: fact.app, environment: fact.environment, service: fact.service, release: fact.release,
        instance: typeof name === 'string' ? name : fact.instance, data: { ...data, id: fact.instance },
      })
    }
  })
  return { refused }
}

