import { parseDuration } from '#base/units.ts'
import { parseWhere } from '#contract/label-conditions.ts'
import type { Database } from '#kernel/db/db.ts'
import type { Handlers } from '#kernel/handlers.ts'
import { labelValues, metricNames, queryMetrics, stepFor } from './read.ts'

const defaultSpanMs = 3_600_000

export function metricRoutes(db: Database): Handlers {
  return {
    'metrics.query': async ({ query: { metric, fn, where, with: label, by, since, until, step, offset, top, rank } }, { caller, now }) => {
      const to = until === undefined ? now : new Date(until)
      const from = since === undefined ? new Date(to.getTime() - defaultSpanMs) : new Date(since)
      const stepMs = step === undefined ? stepFor(to.getTime() - from.getTime()) : parseDuration(step)
      const labels = by?.split(',').filter((label) => label !== '')
      const answer = await queryMetrics(db, { metric, fn, where: parseWhere(where), with: label, by: labels, since: from, until: to, stepMs, offsetMs: offset === undefined ? 0 : parseDuration(offset), top: top === undefined ? undefined : { most: top, rank } }, caller.apps, now)
      return { since: from.toISOString(), until: to.toISOString(), stepMs, ...answer }
    },
    'metrics.list': ({ query }, { caller }) => metricNames(db, caller.apps, query.app),
    'metrics.values': ({ query }, { caller }) => labelValues(db, query.metric, query.label, caller.apps),
  }
}
