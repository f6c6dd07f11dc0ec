import type { RuleSpec } from '#contract/alerting.ts'
import type { Database } from '#kernel/db/db.ts'
import type { Caller, Handlers } from '#kernel/handlers.ts'
import type { QueryMetrics } from './model.ts'
import { readRules, readStates, readTags, ruleViews } from './read.ts'
import { scopeOf } from './scope.ts'
import { findRule, importRules, putRule, removeRule, setRuleMode } from './service.ts'
import { assertSound } from './sound.ts'
import { tryRule } from './trial.ts'

/** `query`: made for each trial. `wake`: the loop shall look at once. */
export function ruleRoutes({ db, query, wake }: { db: Database; query: () => QueryMetrics; wake: () => void }): Handlers {
  const view = async (id: string, caller: Caller) => {
    const rule = await findRule(db, id, caller)
    const [one] = ruleViews([rule], await readStates(db), caller.apps)
    if (one === undefined) throw new Error(`the rule ${id} is there and has no view`)
    return one
  }
  const trial = async (spec: RuleSpec, hours: number, caller: Caller, now: Date) => tryRule(spec, hours, now, { query: query(), apps: caller.apps, inScope: scopeOf(spec.scope, await readTags(db)) })
  return {
    'rules.list': async (_, { caller }) => ruleViews(await readRules(db), await readStates(db), caller.apps),
    'rules.read': async ({ params }, { caller }) => view(params.rule, caller),
    'rules.put': async ({ params, body }, { caller, now }) => {
      await putRule(db, params.rule, body, caller, now)
      wake()
      return view(params.rule, caller)
    },
    'rules.remove': async ({ params }, { caller, now }) => {
      await removeRule(db, params.rule, caller, now)
      wake()
      return {}
    },
    'rules.mode': async ({ params, body }, { caller, now }) => {
      await setRuleMode(db, params.rule, body, caller, now)
      wake()
      return view(params.rule, caller)
    },
    'rules.import': async ({ body }, { caller, now }) => {
      const answer = await importRules(db, body, caller, now)
      if (answer.saved) wake()
      return answer
    },
    'rules.test': async ({ body }, { caller, now }) => {
      assertSound(body.rule)
      return trial(body.rule, body.hours, caller, now)
    },
    'rules.history': async ({ params, query: asked }, { caller, now }) => trial((await findRule(db, params.rule, caller)).spec, asked.hours, caller, now),
  }
}
