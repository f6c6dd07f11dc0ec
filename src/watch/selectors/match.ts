/** Whether a thing is what a query asks for. Pure. */
import { type Field, type Kind, type Query, type Term, isPositive } from './ast.ts'

/** A field may have several values: a machine has the app of each of its instances. `names`: what a plain word means. */
export type Thing = { kind: Kind | null; names: readonly string[]; fields: Readonly<Partial<Record<Exclude<Field, 'kind'>, readonly string[]>>> }

/** An empty query, and one that only leaves out, matches nothing. */
export function matches(query: Query | null, thing: Thing): boolean {
  return query !== null && isPositive(query) && holds(query, thing)
}

function holds(query: Query, thing: Thing): boolean {
  switch (query.is) {
    case 'term':
      return valuesOf(query, thing).some((value) => isLike(value.toLowerCase(), query))
    case 'not':
      return !holds(query.of, thing)
    case 'and':
      return query.of.every((one) => holds(one, thing))
    case 'or':
      return query.of.some((one) => holds(one, thing))
  }
}

/** Whether it could match anything of one of these apps: all that is not said of apps is taken to hold. */
export function mayConcern(query: Query, apps: readonly string[]): boolean {
  switch (query.is) {
    case 'term':
      return query.field !== 'app' || apps.some((app) => isLike(app, query))
    case 'not':
      return true
    case 'and':
      return query.of.every((one) => mayConcern(one, apps))
    case 'or':
      return query.of.some((one) => mayConcern(one, apps))
  }
}

function valuesOf({ field }: Term, thing: Thing): readonly string[] {
  if (field === null) return thing.names
  if (field === 'kind') return thing.kind === null ? [] : [thing.kind]
  return thing.fields[field] ?? []
}

function isLike(value: string, { text, literal }: Term): boolean {
  const pattern = text.toLowerCase()
  return literal ? value === pattern : globMatches(value, pattern)
}

/** `*` stands for any characters. Goes back to the last star only, so that no pattern takes long. */
function globMatches(value: string, pattern: string): boolean {
  let [at, of, star, resume] = [0, 0, -1, 0]
  while (at < value.length) {
    if (pattern[of] === '*') {
      star = of++
      resume = at
    } else if (of < pattern.length && pattern[of] === value[at]) {
      at++
      of++
    } else if (star !== -1) {
      of = star + 1
      at = ++resume
    } else return false
  }
  while (pattern[of] === '*') of++
  return of === pattern.length
}
