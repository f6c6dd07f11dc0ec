import type { Rule, RuleSpec } from '#contract/alerting.ts'
import { ruleSpecSchema } from '#contract/alerting.ts'
import type { Db } from '#kernel/db/db.ts'
import type { Refused } from '#watch/alerts/refused.ts'
import { mayConcern } from '#watch/selectors/match.ts'
import { parseQuery } from '#watch/selectors/parse.ts'
import { servingReleases } from '#run/releases/read.ts'
import { manifestRules } from './declared.ts'
import { defaultRules } from './defaults.ts'
import type { Places } from './gone.ts'
import { aboutOf } from './judge.ts'
import type { Labels, RuleDefinition, SeriesState } from './model.ts'
import type { Tags } from './scope.ts'

type OwnRow = { id: string; spec: unknown }
const readOwn = (db: Db) => db.query<OwnRow>('SELECT id, spec FROM rules ORDER BY id')

/** Those of people come first, then those of manifests; one that has the id of a default stands in its place. What cannot be read is none: see unreadableRules. */
export async function readRules(db: Db): Promise<RuleDefinition[]> {
  const [own, modes] = [await readOwn(db), await db.query<{ rule: string; mode: 'on' | 'off'; offUntil: Date | null }>('SELECT rule, mode, off_until AS "offUntil" FROM rule_modes')]
  const modeOf = (id: string) => modes.find(({ rule }) => rule === id) ?? { mode: 'on' as const, offUntil: null }
  const mine = own.flatMap(({ id, spec }): RuleDefinition[] => {
    const { data } = ruleSpecSchema.safeParse(spec)
    return data === undefined ? [] : [{ id, origin: 'own', spec: data, mode: modeOf(id).mode, offUntil: modeOf(id).offUntil }]
  })
  const theirs = Object.entries(defaultRules).filter(([id]) => !own.some((one) => one.id === id)).map(([id, spec]): RuleDefinition => ({ id, origin: 'default', spec, mode: modeOf(id).mode, offUntil: modeOf(id).offUntil }))
  const declared = manifestRules(await servingReleases(db)).rules.map((rule): RuleDefinition => ({ ...rule, mode: modeOf(rule.id).mode, offUntil: modeOf(rule.id).offUntil }))
  return [...mine, ...declared, ...theirs]
}

/** Rules of people that this version cannot read, though an earlier one took them. */
export async function unreadableRules(db: Db): Promise<Refused[]> {
  return (await readOwn(db)).flatMap(({ id, spec }) => {
    const { error } = ruleSpecSchema.safeParse(spec)
    return error === undefined ? [] : [{ app: null, environment: null, name: id, because: error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ') }]
  })
}

type StateRow = { rule: string; series: string; labels: Labels; state: 'pending' | 'firing'; since: Date; firing_since: Date | null; last_true_at: Date; seen_at: Date; value: number | null; because: string }

/** By rule. */
export async function readStates(db: Db): Promise<Map<string, SeriesState[]>> {
  const rows = await db.query<StateRow>('SELECT * FROM rule_states ORDER BY rule, series')
  const byRule = new Map<string, SeriesState[]>()
  for (const { rule, firing_since, last_true_at, seen_at, ...row } of rows) {
    const list = byRule.get(rule) ?? []
    byRule.set(rule, list)
    list.push({ ...row, firingSince: firing_since, lastTrueAt: last_true_at, seenAt: seen_at })
  }
  return byRule
}

export async function readTags(db: Db): Promise<Tags> {
  const machines = await db.query<{ name: string; tags: string[] }>(`SELECT name, tags FROM machines WHERE tags <> '{}'`)
  const environments = await db.query<{ place: string; tags: string[] }>(`SELECT app || '/' || name AS place, tags FROM environments WHERE tags <> '{}'`)
  return { machines: new Map(machines.map(({ name, tags }) => [name, tags])), environments: new Map(environments.map(({ place, tags }) => [place, tags])) }
}

export async function readPlaces(db: Db): Promise<Places> {
  const destroyed = await db.query<{ app: string }>(`SELECT DISTINCT app FROM events WHERE kind = 'app.destroyed' AND app IS NOT NULL`)
  const environments = await db.query<{ app: string; name: string }>('SELECT app, name FROM environments')
  return { destroyed: new Set(destroyed.map(({ app }) => app)), there: new Map([...Map.groupBy(environments, ({ app }) => app)].map(([app, all]) => [app, new Set(all.map(({ name }) => name))])) }
}

/** Rules are fleet-wide: a caller of some apps sees those that are of no other app, with the states of its own apps. */
export function ruleViews(rules: readonly RuleDefinition[], states: ReadonlyMap<string, readonly SeriesState[]>, apps: readonly string[] | null): Rule[] {
  return rules
    .filter(({ spec }) => isOf(spec, apps))
    .map(({ id, origin, spec, mode, offUntil }) => ({
      ...spec, id, origin, mode, offUntil: offUntil?.toISOString() ?? null, replaces: origin === 'own' && Object.hasOwn(defaultRules, id), about: aboutOf(spec),
      states: (states.get(id) ?? [])
        .filter(({ labels }) => apps === null || (labels['app'] !== undefined && apps.includes(labels['app'])))
        .map(({ series, labels, state, since, firingSince, value, because }) => ({ series, labels: { ...labels }, state, since: since.toISOString(), firingSince: firingSince?.toISOString() ?? null, value, because })),
    }))
}

/** Whether a caller of these apps may see it: it names no other, neither in its measures nor in its scope. */
export function isOf(spec: RuleSpec, apps: readonly string[] | null): boolean {
  if (apps === null) return true
  if (appsOf(spec)?.every((app) => apps.includes(app)) === false) return false
  const scope = spec.scope === null ? null : parseQuery(spec.scope)
  return scope === null || mayConcern(scope, apps)
}

/** The apps that its measures are limited to; null: it is of all. */
export function appsOf({ measure, per }: RuleSpec): string[] | null {
  const named = [measure, ...(per === null ? [] : [per])].map(({ where }) => (where['app'] === undefined ? null : [where['app']].flat()))
  return named.some((one) => one === null) ? null : [...new Set(named.flatMap((one) => one ?? []))]
}
