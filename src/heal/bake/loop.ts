/** Watches releases after their switch: observe → plan → apply. */
import { messageOf } from '#base/errors.ts'
import type { Database } from '#kernel/db/db.ts'
import type { Logger } from '#kernel/log.ts'
import { type Loop, startLoop } from '#kernel/loop.ts'
import { applyAction } from './apply.ts'
import { observe } from './observe.ts'
import { planBake } from './plan.ts'

const periodMs = 5_000

export function startBakes({ db, log }: { db: Database; log: Logger }): Loop {
  return startLoop({
    name: 'bakes',
    periodMs,
    onError: (error) => log.error({ err: error }, 'bakes turn failed'),
    turn: async (now) => {
      const report = { actions: [] as string[], waiting: [] as string[] }
      for (const facts of await observe(db, now)) {
        const where = `${facts.app}/${facts.environment}`
        const plan = planBake(facts, now)
        report.waiting.push(...plan.waiting.map((because) => `${where}: ${because}`))
        for (const action of plan.actions) {
          try {
            await applyAction(db, facts, action, now)
            report.actions.push(`${where}: ${action.do} v${action.release} because ${action.because}`)
          } catch (error) {
            // one environment's trouble is not another's; the next turn sees what is there
            report.waiting.push(`${where}: ${messageOf(error)}`)
            log.warn({ err: error, app: facts.app, release: action.release }, `a release could not be ${action.do === 'condemn' ? 'rolled back' : 'watched'}`)
          }
        }
      }
      return report
    },
  })
}
