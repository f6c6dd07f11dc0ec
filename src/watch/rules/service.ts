/** Commands on rules: checked, then one transaction with the event. The loop does the rest. */
import { AppError, isAppError } from '#base/errors.ts'
import { nearest } from '#base/nearest.ts'
import { formatDuration } from '#base/units.ts'
import type { RuleImport, RuleSpec } from '#contract/alerting.ts'
import type { Database } from '#kernel/db/db.ts'
import type { Caller } from '#kernel/handlers.ts'
import { record } from '#kernel/journal.ts'
import { defaultRules } from './defaults.ts'
import { readRuleFile } from './import/file.ts'
import { aboutOf } from './judge.ts'
import type { RuleDefinition } from './model.ts'
import { appsOf, isOf, readRules, unreadableRules } from './read.ts'
import { assertSound, countsLines } from './sound.ts'
import { deleteRule, saveMode, saveRule } from './store.ts'

const mostRules = 500
/** Each costs a look at the log in every turn. */
const mostCounting = 50

function assertMaySet(caller: Caller, spec: RuleSpec): void {
  if (caller.apps === null) return
  const apps = appsOf(spec)
  if (apps === null || apps.some((app) => !caller.apps?.includes(app))) throw new AppError('forbidden', `this token is limited to ${caller.apps.join(', ')}: a rule it makes must name one of these in where.app`)
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
  if (before?.origin === 'manifest') throw inManifest(id)
  if (id.includes('.')) throw new AppError('invalid', `"${id}" is no id for a rule that is made here: those with a dot stand in manifests (write ${id.replaceAll('.', '-')}, or put it under rules: in the nightshift.yml of ${id.split('.')[0]})`)
  if (before !== undefined) assertMaySet(caller, before.spec)
  else await isUnreadable(db, id, caller)
  if (rules.filter(({ origin }) => origin !== 'manifest').length >= mostRules && before === undefined) throw new AppError('limited', `there are ${mostRules} rules, which is the most (take some away: nightshift rules remove)`)
  const counting = rules.filter((one) => one.id !== id && one.origin !== 'manifest' && countsLines(one.spec)).length
  if (countsLines(spec) && counting >= mostCounting) throw new AppError('limited', `there are ${counting} rules that count lines of logs; ${mostCounting} is the most`)
  return before
}

/** Throws `forbidden` where it is, and the caller is limited to apps: nobody can tell whose it is. */
async function isUnreadable(db: Database, id: string, { actor, apps }: Caller): Promise<boolean> {
  if (!(await unreadableRules(db)).some(({ name }) => name === id)) return false
  if (apps !== null) throw new AppError('forbidden', `"${actor.name}" is limited to apps, and the rule ${id} cannot be read: nobody can tell of which app it is`)
  return true
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
  if (await isUnreadable(db, id, caller)) {
    return db.transaction(async (tx) => {
      if (await deleteRule(tx, id)) await record(tx, { at: now, kind: 'rule.changed', actor: caller.actor, summary: `${caller.actor.name} removed the rule ${id}, which could not be read`, data: { rule: id, spec: null } })
    })
  }
  const rule = await findRule(db, id, caller)
  assertMaySet(caller, rule.spec)
  if (rule.origin === 'manifest') throw inManifest(id)
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

const inManifest = (id: string) => new AppError('conflict', `the rule ${id} stands in the manifest of ${id.split('.')[0]}: change it there, and deploy (it can be switched off here: nightshift rules mode ${id} off)`)
