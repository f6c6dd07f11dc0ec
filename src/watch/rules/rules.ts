/** Rules and SLOs as a whole: what is asked of them, and the loops that look. */
import type { Clock } from '#base/clock.ts'
import { logLinesMetric } from '#contract/metric-words.ts'
import type { Database } from '#kernel/db/db.ts'
import type { Handlers } from '#kernel/handlers.ts'
import type { Logger } from '#kernel/log.ts'
import type { Loop } from '#kernel/loop.ts'
import type { LogReader } from '#watch/logs/port.ts'
import { queryMetrics } from '#watch/metrics/read.ts'
import { type CountBudget, trialBudget, turnBudget } from './counted-minutes.ts'
import { openLogLines } from './log-lines.ts'
import { startRules } from './loop.ts'
import type { QueryMetrics } from './model.ts'
import { ruleRoutes } from './routes.ts'
import { startSlos } from './slo/loop.ts'
import { sloRoutes } from './slo/routes.ts'

type Deps = { db: Database; log: Logger; clock: Clock; tally: LogReader['tally'] }

export function openRules({ db, log, clock, tally }: Deps): { handlers: Handlers; start(): Loop[] } {
  /** What rules ask: metrics, and lines of logs, which are counted within the time that `budget` leaves. */
  const queryOf = (budget: CountBudget): QueryMetrics => {
    const lines = openLogLines({ tally, clock, budget })
    return (asked, apps) => (asked.metric === logLinesMetric ? lines(asked, apps) : queryMetrics(db, asked, apps, clock.now()))
  }
  let rules: Loop | undefined
  let slos: Loop[] = []
  return {
    handlers: { ...ruleRoutes({ db, query: () => queryOf(trialBudget), wake: () => rules?.wake() }), ...sloRoutes({ db, wake: () => slos[0]?.wake() }) },
    start() {
      rules = startRules({ db, log, query: queryOf(turnBudget) })
      slos = startSlos({ db, log })
      return [rules, ...slos]
    },
  }
}
