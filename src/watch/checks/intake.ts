/** Results on their way to the rows: control's own are gathered for a moment, so that a thousand checks are not a thousand transactions. */
import { AppError, messageOf } from '#base/errors.ts'
import type { CheckBatch, CheckResult } from '#contract/checks.ts'
import { checkStatuses, metricSchema } from '#contract/checks.ts'
import { machineName } from '#contract/names.ts'
import type { Database } from '#kernel/db/db.ts'
import { isUnstorable } from '#kernel/db/refusal.ts'
import type { Logger } from '#kernel/log.ts'
import type { Sample } from '#watch/metrics/model.ts'
import { z } from 'zod'
import type { WithState } from './read.ts'
import { settle } from './settle.ts'

const gatherMs = 1000
/** A failure is told at once: whoever waits to be told does not wait for others. */
const hurryMs = 20
/** What control keeps while its database is away; then the oldest go. */
const mostKept = 20_000

/** JSON has no word for an infinite number. */
const noNumber = metricSchema.extend({ value: z.null() })

const batchSchema = z.object({
  machine: machineName,
  sentAt: z.iso.datetime(),
  results: z.array(z.object({ check: z.string().max(60), at: z.iso.datetime(), status: z.enum(checkStatuses), message: z.string().max(1000), durationMs: z.number().min(0).max(1e9), metrics: z.array(z.union([metricSchema, noNumber])).max(200) })).max(5000),
})

export function openIntake({ db, log, metrics }: { db: Database; log: Logger; metrics?: ((samples: Sample[]) => void) | undefined }) {
  let queue: CheckResult[] = []
  let timer: NodeJS.Timeout | undefined
  let dueAt = Infinity
  let storing: Promise<void> = Promise.resolve()

  async function store(results: CheckResult[], now: Date): Promise<void> {
    try {
      await storeAll(results, now)
    } catch (error) {
      if (!isUnstorable(error)) throw error
      if (results.length > 1) for (const result of results) await store([result], now)
      else log.error({ error: messageOf(error), check: results[0]?.check, vantage: results[0]?.vantage }, 'the result of a check can never be stored; it is left out')
    }
  }

  async function storeAll(results: CheckResult[], now: Date): Promise<void> {
    const { rows } = await settle(db, results, now)
    const byId = new Map(rows.map((row) => [row.id, row]))
    metrics?.(results.flatMap((result) => samplesOf(result, byId.get(result.check))))
  }

  function flush() {
    timer = undefined
    dueAt = Infinity
    const batch = queue
    queue = []
    if (batch.length === 0) return
    storing = storing.then(() => store(batch, new Date())).catch((error: unknown) => {
      log.warn({ error: messageOf(error), results: batch.length }, 'results of checks could not be stored; they are kept')
      queue = [...batch, ...queue].slice(-mostKept)
      arm(gatherMs)
    })
  }

  function arm(ms: number) {
    const at = Date.now() + ms
    if (at >= dueAt) return
    clearTimeout(timer)
    dueAt = at
    timer = setTimeout(flush, ms)
  }

  return {
    /** Of control's own runner. */
    add(result: CheckResult) {
      queue.push(result)
      arm(result.status === 'ok' ? gatherMs : hurryMs)
    },
    /** Of a machine; resolves when it is stored. Times are put right by what its clock said when it sent them. */
    async take(body: unknown, now: Date): Promise<void> {
      const parsed = batchSchema.safeParse(body)
      if (!parsed.success) throw new AppError('invalid', `this is no batch of results: ${parsed.error.issues[0]?.path.join('.')} ${parsed.error.issues[0]?.message}`)
      const { machine, sentAt, results } = parsed.data satisfies Omit<CheckBatch, 'results'> & { results: object[] }
      const aheadMs = Date.parse(sentAt) - now.getTime()
      const skewMs = Math.abs(aheadMs) < 2000 ? 0 : aheadMs
      await store(results.map((result) => ({ ...result, vantage: machine, at: new Date(Date.parse(result.at) - skewMs).toISOString() }) as CheckResult), now)
    },
    async close() {
      clearTimeout(timer)
      flush()
      await storing
      clearTimeout(timer)
    },
  }
}

/** None of a check that has gone meanwhile. */
function samplesOf({ check, vantage, at, status, durationMs, metrics }: CheckResult, row: WithState | undefined): Sample[] {
  if (row === undefined) return []
  const labels = Object.fromEntries(Object.entries({ check, name: row.name, vantage, app: row.app, environment: row.environment, service: row.service }).filter((entry): entry is [string, string] => entry[1] !== null))
  const sample = (name: string, value: number, kind: Sample['kind'] = 'gauge'): Sample => ({ name, labels, kind, atMs: Date.parse(at), value })
  return [
    sample('nightshift_check_up', status === 'err' ? 0 : 1),
    sample('nightshift_check_duration_seconds', durationMs / 1000),
    ...metrics.flatMap(({ name, value, counter }) => (typeof value === 'number' && Number.isFinite(value) ? [sample(`nightshift_plugin_${name.replaceAll(/[^a-zA-Z0-9_]/g, '_').slice(0, 150)}`, value, counter === true ? 'counter' : 'gauge')] : [])),
  ]
}
