/** The loop of rules: read what each asks, plan, and in one transaction a rule keep the states with their alerts and events. */
import { messageOf } from '#base/errors.ts'
import type { Actor } from '#contract/model.ts'
import type { Database, Db } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import type { Logger } from '#kernel/log.ts'
import { type Loop, type TurnReport, startLoop } from '#kernel/loop.ts'
import { clearAlertOf, raiseAlert } from '#watch/alerts/commands.ts'
import { type Labels, type QueryMetrics, type Reading, type RuleDefinition, type SeriesState, type Transition, alertTarget, placeOf } from './model.ts'
import { servingReleases } from '#run/releases/read.ts'
import { tellRefused } from '#watch/alerts/refused.ts'
import { manifestRules } from './declared.ts'
import { type Places, whyGone } from './gone.ts'
import { observeRule } from './observe.ts'
import { nextStates } from './plan.ts'
import { readPlaces, readRules, readStates, readTags, unreadableRules } from './read.ts'
import { scopeOf } from './scope.ts'
import { saveStates, takeEndedModes } from './store.ts'
import { alertWords } from './summary.ts'

const actor: Actor = { kind: 'loop', name: 'rules' }
/** A rule that is wrong about everything must not raise an alert for everything. */
export const mostFiring = 50

export function startRules({ db, log, query, periodMs = 30_000 }: { db: Database; log: Logger; query: QueryMetrics; periodMs?: number }): Loop {
  return startLoop({ name: 'rules', periodMs, onError: (error) => log.error({ err: error }, 'a turn of the rules failed'), turn: (now) => rulesTurn(db, query, now) })
}

export async function rulesTurn(db: Database, query: QueryMetrics, now: Date): Promise<TurnReport> {
  const again = await switchOnAgain(db, now)
  const [rules, states, tags, places] = [await readRules(db), await readStates(db), await readTags(db), await readPlaces(db)]
  const on = rules.filter(({ mode }) => mode === 'on')
  const refused = [...manifestRules(await servingReleases(db)).refused, ...(await unreadableRules(db))]
  const report: TurnReport = { actions: [...again, ...(await tellRefused(db, 'rule', refused, actor, now))], waiting: [] }
  // those of SLOs are their own loop's
  for (const [rule, known] of states) if (!rule.startsWith('slo:') && !on.some(({ id }) => id === rule)) report.actions.push(...(await forget(db, rule, known, rules.some(({ id }) => id === rule) ? 'the rule was switched off' : 'the rule was removed', now)))
  for (const rule of on) {
    try {
      const known = states.get(rule.id) ?? []
      const asked = scopeOf(rule.spec.scope, tags)
      const inScope = (labels: Labels) => whyGone(labels, places) === null && asked(labels)
      const observed = await observeRule(rule.spec, { from: now, until: now, stepMs: rule.spec.windowMs }, { query, apps: null, inScope, known: known.map(({ labels }) => labels) })
      const readings = observed.flatMap(({ series, labels, at }): Reading[] => at.map(({ verdict }) => ({ series, labels, ...verdict })))
      report.actions.push(...(await keep(db, rule, known, [...readings, ...goneOf(known, places)], now)))
    } catch (error) {
      // one rule that cannot be read must not silence the others
      report.waiting.push(`${rule.id}: ${messageOf(error)}`)
    }
  }
  return report
}

const goneOf = (known: readonly SeriesState[], places: Places) => known.flatMap(({ series, labels }): Reading[] => {
  const because = whyGone(labels, places)
  return because === null ? [] : [{ series, labels, value: null, holds: 'gone', because }]
})

async function switchOnAgain(db: Database, now: Date): Promise<string[]> {
  return db.transaction(async (tx) => {
    const ended = await takeEndedModes(tx, now)
    for (const rule of ended) await record(tx, { at: now, kind: 'rule.changed', actor, summary: `the rule ${rule} is on again: its time off is over`, data: { rule, mode: 'on', offUntil: null } })
    return ended.map((rule) => `${rule} is on again`)
  })
}

async function keep(db: Database, rule: RuleDefinition, known: readonly SeriesState[], readings: readonly Reading[], now: Date): Promise<string[]> {
  const { states, transitions } = nextStates(rule.spec, known, readings, now)
  const room = mostFiring - known.filter(({ state }) => state === 'firing').length
  const begins = transitions.filter(({ to }) => to === 'firing')
  const kept = new Set(begins.slice(room))
  if (transitions.length === 0 && states.length === 0) return []
  return db.transaction(async (tx) => {
    await saveStates(tx, rule.id, states.filter(({ series }) => ![...kept].some((one) => one.series === series)))
    const actions: string[] = []
    for (const transition of transitions) if (!kept.has(transition)) actions.push(...(await tell(tx, rule, transition, states, now)))
    if (kept.size > 0) actions.push(`${rule.id}: ${kept.size} more series would fire, and ${mostFiring} do (the rule says it of everything)`)
    return actions
  })
}

async function tell(tx: Db, { id, spec }: RuleDefinition, { series, labels, to, because }: Transition, states: readonly SeriesState[], now: Date): Promise<string[]> {
  if (to === 'over') {
    await clearAlertOf(tx, alertTarget(id, series), because, actor, now)
    return [`${id} is over for ${series || 'all'}: ${because}`]
  }
  if (to !== 'firing') return []
  const value = states.find((state) => state.series === series)?.value ?? null
  const place = placeOf(labels)
  await raiseAlert(
    tx,
    {
      target: alertTarget(id, series), app: labels['app'] ?? null, environment: labels['app'] === undefined ? null : (labels['environment'] ?? 'production'), service: labels['service'] ?? null, machine: labels['machine'] ?? null,
      severity: spec.severity, title: place === '' ? spec.title : `${spec.title}: ${place}`, because: alertWords(spec, labels, value, because), way_out: spec.wayOut ?? `nightshift rules show ${id}`, remediation: null,
    },
    actor, now,
  )
  return [`${id} fires for ${series || 'all'}: ${because}`]
}

async function forget(db: Database, rule: string, known: readonly SeriesState[], because: string, now: Date): Promise<string[]> {
  await db.transaction(async (tx) => {
    await saveStates(tx, rule, [])
    for (const { series } of known) await clearAlertOf(tx, alertTarget(rule, series), because, actor, now)
  })
  return [`${rule} is forgotten: ${because}`]
}
