/** Commands on rules: checked, then one transaction with the event. The loop does the rest. */
import { AppError, isAppError } from '#base/errors.ts'
import { nearest } from '#base/nearest.ts'
import { formatDuration } from '#base/units.ts'
import type { Measure, RuleImport, RuleSpec } from '#contract/alerting.ts'
import { logLinesMetric } from '#contract/metric-words.ts'
import type { Database } from '#kernel/db/db.ts'
import type { Caller } from '#kernel/handlers.ts'
import { record } from '#kernel/journal.ts'
import { parseQuery as parseLogQuery } from '#watch/logs/query/parser.ts'
import { parseQuery } from '#watch/selectors/parse.ts'
import { defaultRules } from './defaults.ts'
import { readRuleFile } from './import/file.ts'
import { aboutOf } from './judge.ts'
import { type RuleDefinition, logPlaces } from './model.ts'
import { appsOf, isOf, readRules } from './read.ts'
import { deleteRule, saveMode, saveRule } from './store.ts'

const mostRules = 500
/** Each costs a look at the log in every turn. */
const mostCounting = 50

function assertMaySet(caller: Caller, spec: RuleSpec): void {
  if (caller.apps === null) return
  const apps = appsOf(spec)
  if (apps === null || apps.some((app) => !caller.apps?.includes(app))) throw new AppError('forbidden', `this token is limited to ${caller.apps.join(', ')}: a rule it makes must name one of these in where.app`)
}

/** What a schema cannot say. Throws `invalid`. */
export function assertSound(spec: RuleSpec): void {
  if (spec.scope !== null && parseQuery(spec.scope) === null) throw new AppError('invalid', 'the scope is an empty query, which matches nothing (leave it out to mean every series)')
  if (spec.perAtLeast !== null && spec.per === null) throw new AppError('invalid', 'perAtLeast is a bound of per, which is missing')
  if (spec.condition.kind === 'absence' && spec.per !== null) throw new AppError('invalid', 'a rule of absence looks at one measure, without per')
  for (const measure of [spec.measure, ...(spec.per === null ? [] : [spec.per])]) assertSoundMeasure(measure)
  if (countsLines(spec)) assertSoundCount(spec)
}

export const countsLines = ({ measure, per }: RuleSpec): boolean => [measure, per].some((one) => one?.metric === logLinesMetric)

function assertSoundMeasure({ metric, logs, where, fn, by = [] }: Measure): void {
  if ((metric === logLinesMetric) !== (logs !== undefined)) throw new AppError('invalid', `lines of logs are counted by the metric ${logLinesMetric} together with logs, the search that finds them`)
  if (logs === undefined) return
  parseLogQuery(logs)
  if (fn !== 'increase' && fn !== 'rate') throw new AppError('invalid', `lines of logs are counted, so there is no ${fn} of them (write fn: increase, or rate for lines a second)`)
  const other = [...Object.keys(where), ...by].find((label) => !(logPlaces as readonly string[]).includes(label))
  if (other !== undefined) throw new AppError('invalid', `lines of logs are counted by ${logPlaces.join(', ')}, and not by ${other} (the search may name it: ${other}:NAME)`)
}

function assertSoundCount({ condition, windowMs }: RuleSpec): void {
  if (condition.kind === 'absence') throw new AppError('invalid', 'no line is a count of 0, and not an absence: write { kind: threshold, is: "<", value: 1 }, and name app, environment and service in where')
  if (condition.kind !== 'threshold' && condition.kind !== 'change') throw new AppError('invalid', `a rule that counts lines of logs has a threshold or a change, and no ${condition.kind}`)
  // windows of an hour and more are looked at in fifths when the past is tried
  const unitMs = windowMs >= 25 * 60_000 ? 300_000 : 60_000
  if (windowMs % unitMs !== 0) throw new AppError('invalid', `lines of logs are counted by the minute: a window of ${formatDuration(windowMs)} must be whole ${unitMs === 60_000 ? 'minutes' : 'steps of five minutes'}`)
}

export async function findRule(db: Database, id: string, caller: Caller): Promise<RuleDefinition> {
  const rules = (await readRules(db)).filter(({ spec }) => isOf(spec, caller.apps))
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
  if (rules.length >= mostRules && before === undefined) throw new AppError('limited', `there are ${rules.length} rules; ${mostRules} is the most (take some away: nightshift rules remove)`)
  const counting = rules.filter((one) => one.id !== id && countsLines(one.spec)).length
  if (countsLines(spec) && counting >= mostCounting) throw new AppError('limited', `there are ${counting} rules that count lines of logs; ${mostCounting} is the most`)
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

/** `forMs`: off for so long, and then on again by itself. */
export async function setRuleMode(db: Database, id: string, { mode, forMs }: { mode: 'on' | 'off'; forMs?: number | undefined }, caller: Caller, now: Date): Promise<void> {
  const rule = await findRule(db, id, caller)
  assertMaySet(caller, rule.spec)
  if (mode === 'on' && forMs !== undefined) throw new AppError('invalid', 'a rule is switched off for a time, not on')
  const offUntil = forMs === undefined ? null : new Date(now.getTime() + forMs)
  if (rule.mode === mode && offUntil === null && rule.offUntil === null) return
  await db.transaction(async (tx) => {
    await saveMode(tx, id, { mode, offUntil }, caller.actor.name, now)
    const how = forMs === undefined ? mode : `off for ${formatDuration(forMs)}`
    await record(tx, { at: now, kind: 'rule.changed', actor: caller.actor, summary: `${caller.actor.name} switched the rule ${id} ${how}`, data: { rule: id, mode, offUntil: offUntil?.toISOString() ?? null } })
  })
}
