/** The loop that brings every environment to what is wanted: observe (read-facts.ts) → plan (plan.ts) → apply (apply.ts). */
import { messageOf } from '#base/errors.ts'
import type { Database } from '#kernel/db/db.ts'
import type { Logger } from '#kernel/log.ts'
import { type Loop, startLoop } from '#kernel/loop.ts'
import { applyAction } from './apply.ts'
import { readFacts } from './read-facts.ts'
import type { Action } from './model.ts'
import { planEnvironment } from './plan.ts'

export type RolloutDeps = {
  db: Database
  log: Logger
  /** The machine that takes new instances, and whether its tasks have addresses of their own; null while none is connected. */
  placement: () => { machine: string; ownAddresses: boolean } | null
  /** Before an instance is created: volumes and edges it will want. */
  prepare: (app: string, environment: string, release: number, machine: string) => Promise<void>
}

export function startRollouts({ db, log, placement, prepare }: RolloutDeps): Loop {
  const loop = startLoop({
    name: 'rollouts',
    periodMs: 2000,
    onError: (error) => log.error({ err: error }, 'rollouts turn failed'),
    turn: async (now) => {
      const place = placement()
      if (place === null) return { actions: [], waiting: ['no machine is connected'] }
      const report = { actions: [] as string[], waiting: [] as string[] }
      for (const facts of await db.snapshot((tx) => readFacts(tx, place.ownAddresses))) {
        const where = `${facts.app}/${facts.environment}`
        const plan = planEnvironment(facts, now)
        report.waiting.push(...plan.waiting.map((because) => `${where}: ${because}`))
        try {
          const release = plan.actions.find((action) => action.do === 'create')?.release
          if (release !== undefined) await prepare(facts.app, facts.environment, release, place.machine)
          for (const action of plan.actions) {
            await applyAction(db, facts, action, place.machine, now)
            report.actions.push(`${where}: ${sentence(action)}`)
            // most states of a rollout leave no event that would wake us, and what follows is due at once
            if (action.do === 'advance' || action.do === 'note') loop.wake()
          }
        } catch (error) {
          // one environment's trouble is not another's: the next turn sees what is there and goes on
          report.waiting.push(`${where}: ${messageOf(error)}`)
          log.warn({ err: error, app: facts.app, environment: facts.environment }, 'an environment could not be brought forward')
        }
      }
      return report
    },
  })
  return loop
}

function sentence(action: Action): string {
  switch (action.do) {
    case 'create':
      return `create ${action.service}.${action.ordinal} of v${action.release} because ${action.because}`
    case 'retire':
      return `retire ${action.instance} because ${action.because}`
    case 'restart':
      return `restart ${action.instance} because ${action.because}`
    case 'note':
      return `${action.step} because ${action.because}`
    case 'advance':
      return `rollout → ${action.to} because ${action.because}`
  }
}
