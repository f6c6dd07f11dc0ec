/** A query over machines, apps, services, instances and checks, as a tree; and how it is written. */
export const fields = ['app', 'env', 'service', 'instance', 'release', 'state', 'machine', 'tag', 'kind', 'check', 'driver'] as const
export type Field = (typeof fields)[number]

/** Other words for the same. */
export const synonyms: Readonly<Record<string, Field>> = { environment: 'env', health: 'state', node: 'machine' }

export const kinds = ['machine', 'app', 'service', 'instance', 'check'] as const
export type Kind = (typeof kinds)[number]

/** `field` null: a plain word, which is a name. `literal` false: a `*` in `text` stands for any characters. */
export type Term = { is: 'term'; field: Field | null; text: string; literal: boolean }
export type Query = Term | { is: 'not'; of: Query } | { is: 'and'; of: readonly Query[] } | { is: 'or'; of: readonly Query[] }

export const keywords = new Set(['and', 'or', 'not'])

/** What stands in quotes in a query: it could be read as something else. */
function needsQuotes({ field, text, literal }: Term): boolean {
  if (text === '' || /[\s()"]/.test(text) || (literal && text.includes('*'))) return true
  return field === null && (text.startsWith('-') || text.includes(':') || keywords.has(text.toLowerCase()))
}

function printTerm(term: Term): string {
  const value = needsQuotes(term) ? `"${term.text.replaceAll(/["\\]/g, '\\$&')}"` : term.text
  return term.field === null ? value : `${term.field}:${value}`
}

/** Parsing it gives the same tree again. */
export function printQuery(query: Query): string {
  switch (query.is) {
    case 'term':
      return printTerm(query)
    case 'not':
      return `-${inside(query.of)}`
    case 'and':
      return query.of.map(inside).join(' ')
    case 'or':
      return query.of.map((one) => (one.is === 'and' ? printQuery(one) : inside(one))).join(' or ')
  }
}

function inside(query: Query): string {
  return query.is === 'term' || query.is === 'not' ? printQuery(query) : `(${printQuery(query)})`
}

/** Whether it says what it wants, and not only what it does not want. One that does not matches nothing: what is left over is no choice. */
export function isPositive(query: Query): boolean {
  switch (query.is) {
    case 'term':
      return true
    case 'not':
      return false
    case 'and':
      return query.of.some(isPositive)
    case 'or':
      return query.of.every(isPositive)
  }
}
