/** Watches releases while they share callers with the one before, and after their switch: observe → plan → apply. Woken by counts of a release that is new. */
import { messageOf } from '#base/errors.ts'
import type { Database } from '#kernel/db/db.ts'
import type { Logger } from '#kernel/log.ts'
import { type Loop, startLoop } from '#kernel/loop.ts'
import { actor, applyAction } from './apply.ts'
import { observe } from './observe.ts'
import { judgeSharing, planBake } from './plan.ts'
import { giveUpSharing, readSharing } from './sharing.ts'

const periodMs = 5_000

export function startBakes({ db, log }: { db: Database; log: Logger }): Loop {
  return startLoop({
    name: 'bakes',
    periodMs,
    onError: (error) => log.error({ err: error }, 'bakes turn failed'),
    turn: async (now) => {
      const report = { actions: [] as string[], waiting: [] as string[] }
      /** One environment's trouble is not another's; the next turn sees what is there. `work` gives false when there was nothing to do any more. */
      const apply = async (where: string, sentence: string, work: () => Promise<unknown>) => {
        try {
          if ((await work()) !== false) report.actions.push(`${where}: ${sentence}`)
        } catch (error) {
          report.waiting.push(`${where}: ${messageOf(error)}`)
          log.warn({ err: error, environment: where }, `it could not be done: ${sentence}`)
        }
      }
      for (const sharing of await readSharing(db, now)) {
        const where = `${sharing.app}/${sharing.environment}`
        const verdict = judgeSharing(sharing)
        if ('wait' in verdict) report.waiting.push(`${where}: ${verdict.wait}`)
        else await apply(where, `give up v${sharing.release} because ${verdict.giveUp}`, () => giveUpSharing(db, sharing, verdict.giveUp, now, actor))
      }
      for (const facts of await observe(db, now)) {
        const where = `${facts.app}/${facts.environment}`
        const plan = planBake(facts, now)
        report.waiting.push(...plan.waiting.map((because) => `${where}: ${because}`))
        for (const action of plan.actions) await apply(where, `${action.do} v${action.release} because ${action.because}`, () => applyAction(db, facts, action, now))
      }
      return report
    },
  })
}
