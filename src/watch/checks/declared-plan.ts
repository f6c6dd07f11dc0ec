/** Declared checks against those that are there. Pure; converges: with what it asks for done, it asks for nothing. */
import type { CheckRowIn } from './model.ts'

/** `needs`: names within the app. */
export type DeclaredRow = Omit<CheckRowIn, 'id' | 'secrets' | 'declared' | 'confined' | 'paused_by' | 'token' | 'slug' | 'created_at' | 'app' | 'environment'> & { app: string; environment: string }

type Known = CheckRowIn
export type DeclaredPlan<K extends Known = Known> = { create: DeclaredRow[]; update: { before: K; want: DeclaredRow }[]; remove: K[]; /** whose `needs` are to be set, once all have ids */ link: DeclaredRow[] }

const keyOf = ({ app, environment, name }: { app: string | null; environment: string | null; name: string }) => `${app}/${environment}/${name}`
const compared = ['kind', 'config', 'every_ms', 'timeout_ms', 'retries', 'vantages', 'quorum', 'criteria', 'severity', 'service'] as const

/**
 * An environment that is stopped keeps its checks, as it keeps its release; one that is gone does not, whoever made them.
 * `serving`, `environments`: `app/environment`. `kept`: declared, and not to be read by this version: they stay as they were (`app/environment/name`).
 */
export function planDeclared<K extends Known>({ wanted, known, kept = new Set(), serving, environments }: { wanted: readonly DeclaredRow[]; known: readonly K[]; kept?: ReadonlySet<string>; serving: ReadonlySet<string>; environments: ReadonlySet<string> }): DeclaredPlan<K> {
  const declared = new Map(known.filter((row) => row.declared).map((row) => [keyOf(row), row]))
  const names = new Map(known.map((row) => [row.id, row.name]))
  const wantedKeys = new Set(wanted.map(keyOf))
  const plan: DeclaredPlan<K> = { create: [], update: [], remove: [], link: [] }
  for (const want of wanted) {
    const before = declared.get(keyOf(want))
    if (before === undefined) plan.create.push(want)
    else if (!same(before, want)) plan.update.push({ before, want })
    const linked = (before?.needs ?? []).map((id) => names.get(id) ?? id).sort()
    if (JSON.stringify(linked) !== JSON.stringify(want.needs.toSorted())) plan.link.push(want)
  }
  for (const row of known) {
    if (row.app === null) continue
    const place = `${row.app}/${row.environment}`
    const isDropped = row.declared && serving.has(place) && !wantedKeys.has(keyOf(row)) && !kept.has(keyOf(row))
    if (isDropped || !environments.has(place)) plan.remove.push(row)
  }
  return plan
}

function same(before: Known, want: DeclaredRow): boolean {
  return compared.every((field) => canonical(before[field]) === canonical(want[field]))
}

/** jsonb does not keep the order of keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (each !== null && typeof each === 'object' && !Array.isArray(each) ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => a.localeCompare(b))) : each))
}
