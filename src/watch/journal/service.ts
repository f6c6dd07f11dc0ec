/** Taking facts of agents and proxies into the journal: each once, by its id, as one sentence for a person. */
import { z } from 'zod'
import { storable } from '#base/storable.ts'
import { type EventKind, eventKinds } from '#contract/events.ts'
import type { FactBatch } from '#contract/wire.ts'
import type { Database } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import { behindMs } from '#watch/sent-at.ts'
import { sentenceOf, sentences } from './sentences.ts'

const name = z.string().max(200).nullable().default(null)
const factSchema = z.object({
  id: z.string().min(1).max(200),
  at: z.string().refine((at) => !Number.isNaN(Date.parse(at)), 'must be a time'),
  kind: z.enum(eventKinds).refine((kind) => kind in sentences, 'is not a kind that agents tell'),
  app: name, environment: name, service: name, instance: name,
  release: z.number().int().min(0).max(2 ** 31 - 1).nullable().default(null),
  data: z.record(z.string(), z.unknown()).default({}),
})

export type FactsResult = { stored: number; /** Told before. */ known: number; /** Can never be stored; each with its reason. */ refused: { id: string; because: string }[] }

const maxDataChars = 16_000

/** A fact that cannot be understood is refused alone: one bad fact must not hold up those behind it. */
export async function ingestFacts(db: Database, batch: FactBatch, now: Date): Promise<FactsResult> {
  const result: FactsResult = { stored: 0, known: 0, refused: [] }
  const facts: z.infer<typeof factSchema>[] = []
  for (const given of Array.isArray(batch.facts) ? batch.facts : []) {
    const fact = factSchema.safeParse(storable(given))
    const issue = fact.error?.issues[0]
    if (fact.success && JSON.stringify(fact.data.data).length <= maxDataChars) facts.push(fact.data)
    else result.refused.push({ id: String((given as { id?: unknown } | null)?.id).slice(0, 200), because: issue ? `${issue.path.join('.')}: ${issue.message}` : `data: has more than ${maxDataChars} characters` })
  }
  const behind = behindMs(batch.sentAt, now)
  const machine = String(storable(batch.machine)).slice(0, 200)
  await db.transaction(async (tx) => {
    result.stored = result.known = 0 // a transaction may be tried again
    for (const fact of facts) {
      const { name: instanceName, ...data } = fact.data
      const id = await record(tx, {
        at: new Date(Math.min(Date.parse(fact.at) + behind, now.getTime())), // a clock ahead of ours tells no future
        kind: fact.kind as EventKind, actor: { kind: 'agent', name: machine }, machine, factId: fact.id, summary: sentenceOf(fact) as string,
        app: fact.app, environment: fact.environment, service: fact.service, release: fact.release,
        instance: typeof instanceName === 'string' ? instanceName : fact.instance, data: { ...data, id: fact.instance },
      })
      if (id === undefined) result.known++
      else result.stored++
    }
  })
  return result
}
