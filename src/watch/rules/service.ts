/** Commands on rules: checked, then one transaction with the event. The loop does the rest. */
import { AppError, isAppError } from '#base/errors.ts'
import { nearest } from '#base/nearest.ts'
import type { RuleImport, RuleSpec } from '#contract/alerting.ts'
import type { Database } from '#kernel/db/db.ts'
import type { Caller } from '#kernel/handlers.ts'
import { record } from '#kernel/journal.ts'
import { parseQuery } from '#watch/selectors/parse.ts'
import { defaultRules } from './defaults.ts'
import { readRuleFile } from './import/file.ts'
import { aboutOf } from './judge.ts'
import type { RuleDefinition } from './model.ts'
import { appsOf, readRules } from './read.ts'
import { deleteRule, saveMode, saveRule } from './store.ts'

const mostRules = 500

export function assertMaySet(caller: Caller, spec: RuleSpec): void {
  if (caller.apps === null) return
  const apps = appsOf(spec)
  if (apps === null || apps.some((app) => !caller.apps?.includes(app))) throw new AppError('forbidden', `this token is limited to ${caller.apps.join(', ')}: a rule it makes must name one of these in where.app`)
}

/** What a schema cannot say. Throws `invalid`. */
export function assertSound(spec: RuleSpec): void {
  if (spec.scope !== null && parseQuery(spec.scope) === null) throw new AppError('invalid', 'the scope is an empty query, which matches nothing (leave it out to mean every series)')
  if (spec.perAtLeast !== null && spec.per === null) throw new AppError('invalid', 'perAtLeast is a bound of per, which is missing')
  if (spec.condition.kind === 'absence' && spec.per !== null) throw new AppError('invalid', 'a rule of absence looks at one measure, without per')
}

export async function findRule(db: Database, id: string, caller: Caller): Promise<RuleDefinition> {
  const rules = (await readRules(db)).filter(({ spec }) => caller.apps === null || appsOf(spec)?.every((app) => caller.apps?.includes(app)) !== false)
  const rule = rules.find((one) => one.id === id)
  if (rule !== undefined) return rule
  const meant = nearest(id, rules.map((one) => one.id))
  throw new AppError('not-found', `there is no rule "${id}"${meant === undefined ? '' : ` (did you mean ${meant}?)`} (see: nightshift rules)`)
}

/** Makes a rule, or puts it in place of the one with this id. */
export async function putRule(db: Database, id: string, spec: RuleSpec, caller: Caller, now: Date): Promise<void> {
  const before = await assertMayPut(db, id, spec, caller)
  await db.transaction(async (tx) => {
    await saveRule(tx, id, spec, caller.actor.name, now)
    await record(tx, { at: now, kind: 'rule.changed', actor: caller.actor, summary: `${caller.actor.name} ${before === undefined ? 'made' : 'changed'} the rule ${id}: ${spec.title}`, data: { rule: id, spec, before: before?.spec ?? null } })
  })
}

/** Answers the rule with this id that there is. */
async function assertMayPut(db: Database, id: string, spec: RuleSpec, caller: Caller): Promise<RuleDefinition | undefined> {
  assertMaySet(caller, spec)
  assertSound(spec)
  const rules = await readRules(db)
  const before = rules.find((one) => one.id === id)
  if (before !== undefined) assertMaySet(caller, before.spec)
  if (rules.length >= mostRules && before === undefined) throw new AppError('limited', `there are ${rules.length} rules; ${mostRules} is the most (take some away: nightshift rules rm)`)
  return before
}

/** Saves what a file holds, each rule by itself; one that this caller may not make is skipped. */
export async function importRules(db: Database, { text, source, save }: { text: string; source: string; save: boolean }, caller: Caller, now: Date): Promise<RuleImport> {
  const { rules: read, skipped } = readRuleFile(text, source)
  const known = new Set((await readRules(db)).map(({ id }) => id))
  const rules = read.map((rule) => ({ ...rule, about: aboutOf(rule.spec), replaces: known.has(rule.id) }))
  const taken: RuleImport['rules'] = []
  for (const rule of rules) {
    try {
      if (save) await putRule(db, rule.id, rule.spec, caller, now)
      else await assertMayPut(db, rule.id, rule.spec, caller)
      taken.push(rule)
    } catch (error) {
      if (!isAppError(error)) throw error
      skipped.push({ name: rule.name, because: error.message })
    }
  }
  return { rules: taken, skipped, saved: save }
}

export async function removeRule(db: Database, id: string, caller: Caller, now: Date): Promise<void> {
  const rule = await findRule(db, id, caller)
  assertMaySet(caller, rule.spec)
  if (rule.origin === 'default') throw new AppError('conflict', `${id} comes with Nightshift and cannot be removed (switch it off: nightshift rules mode ${id} off)`)
  await db.transaction(async (tx) => {
    if (!(await deleteRule(tx, id))) return
    const back = Object.hasOwn(defaultRules, id) ? '; the one that comes with Nightshift is in its place again' : ''
    await record(tx, { at: now, kind: 'rule.changed', actor: caller.actor, summary: `${caller.actor.name} removed the rule ${id}${back}`, data: { rule: id, spec: null, before: rule.spec } })
  })
}

export async function setRuleMode(db: Database, id: string, mode: 'on' | 'off', caller: Caller, now: Date): Promise<void> {
  const rule = await findRule(db, id, caller)
  assertMaySet(caller, rule.spec)
  if (rule.mode === mode) return
  await db.transaction(async (tx) => {
    await saveMode(tx, id, mode, caller.actor.name, now)
    await record(tx, { at: now, kind: 'rule.changed', actor: caller.actor, summary: `${caller.actor.name} switched the rule ${id} ${mode}`, data: { rule: id, mode } })
  })
}
