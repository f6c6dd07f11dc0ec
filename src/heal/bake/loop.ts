/** Watches releases after their switch: observe → plan → apply. */
import { messageOf } from '#base/errors.ts'
import type { Database } from '#kernel/db/db.ts'
import type { Logger } from '#kernel/log.ts'
import { type Loop, startLoop } from '#kernel/loop.ts'
import { actor, applyAction } from './apply.ts'
import { faultOfCanary, giveUpCanary, readCanaries } from './canary.ts'
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
      for (const canary of await readCanaries(db, now)) {
        const where = `${canary.app}/${canary.environment}`
        const fault = faultOfCanary(canary)
        if (fault === null) report.waiting.push(`${where}: v${canary.release} has ${canary.percent} % of new callers; nothing speaks against it`)
        else if (await giveUpCanary(db, canary, fault, now, actor)) report.actions.push(`${where}: give up v${canary.release} because ${fault}`)
      }
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
