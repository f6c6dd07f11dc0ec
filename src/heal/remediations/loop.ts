/** Heals: observe → plan → apply. */
import { messageOf } from '#base/errors.ts'
import type { Logger } from '#kernel/log.ts'
import { type Loop, startLoop } from '#kernel/loop.ts'
import { targetKey } from '#heal/signals/model.ts'
import { type ApplyDeps, applyAction, keepBreaker } from './apply.ts'
import { observe } from './observe.ts'
import { planHealing } from './plan.ts'

const periodMs = 2_000

export function startHealing(deps: ApplyDeps & { log: Logger }): Loop {
  const { db, log } = deps
  const loop = startLoop({
    name: 'healing',
    periodMs,
    onError: (error) => log.error({ err: error }, 'healing turn failed'),
    turn: async (now) => {
      const plan = planHealing(await observe(db, now))
      const report = { actions: [] as string[], waiting: [...plan.waiting] }
      await keepBreaker(db, plan.breaker, now)
      for (const action of plan.actions) {
        const where = targetKey(action.target)
        try {
          await applyAction(deps, action, now)
          if (action.do !== 'note') report.actions.push(`${where}: ${action.do === 'try' ? action.rung : action.do} because ${action.because}`)
        } catch (error) {
          // one target's trouble is not another's; the next turn sees what is there
          report.waiting.push(`${where}: ${messageOf(error)}`)
          log.warn({ err: error, target: where }, `healing could not ${action.do}`)
        }
      }
      if (report.actions.length > 0) loop.wake()
      return report
    },
  })
  return loop
}
