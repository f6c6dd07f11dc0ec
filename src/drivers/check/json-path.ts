/** Assertions on JSON: `status == "ok"`, `items[0].stock >= 1`, `user.name exists`. Pure. */
const operators = ['==', '!=', '>=', '<=', '>', '<', 'contains'] as const

export type JsonAssertion = { path: (string | number)[]; operator: (typeof operators)[number] | 'exists'; value: unknown; text: string }

/** Throws with the reason for what is none. */
export function parseAssertion(text: string): JsonAssertion {
  const match = /^\s*\$?\.?(\S+?)\s+(?:(exists)|(==|!=|>=|<=|>|<|contains)\s*(.+?))\s*$/s.exec(text) ?? /^\s*\$?\.?([\w.[\]-]+)(==|!=|>=|<=|>|<)(.+?)\s*$/s.exec(text)
  if (!match) throw new Error(`"${text}" is not understood (write a path, then ==, !=, >, >=, <, <=, contains or exists, then a value)`)
  const [path, operator, value] = match.length === 5 ? [match[1], match[2] ?? match[3], match[4]] : [match[1], match[2], match[3]]
  return { path: parsePath(path as string), operator: operator as JsonAssertion['operator'], value: value === undefined ? undefined : parseValue(value), text }
}

function parsePath(text: string): (string | number)[] {
  return [...text.matchAll(/[^.[\]]+/g)].map(([part]) => (/^\d+$/.test(part) ? Number(part) : part.replace(/^"(.*)"$/, '$1')))
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Null if it holds, else why not. */
export function whyNot(document: unknown, { path, operator, value, text }: JsonAssertion): string | null {
  let at: unknown = document
  for (const part of path) at = at !== null && typeof at === 'object' && Object.hasOwn(at, part) ? (at as Record<string | number, unknown>)[part] : undefined
  if (compare(at, operator, value)) return null
  return at === undefined ? `${text}: there is no ${path.join('.')}` : `${text}: it is ${(JSON.stringify(at) ?? '').slice(0, 100)}`
}

function compare(left: unknown, operator: JsonAssertion['operator'], right: unknown): boolean {
  if (operator === 'exists') return left !== undefined
  if (left === undefined) return false
  if (operator === '==') return JSON.stringify(left) === JSON.stringify(right) || String(left) === String(right)
  if (operator === '!=') return !compare(left, '==', right)
  if (operator === 'contains') return Array.isArray(left) ? left.some((one) => compare(one, '==', right)) : String(left).includes(String(right))
  const [a, b] = [Number(left), Number(right)]
  return operator === '>' ? a > b : operator === '<' ? a < b : operator === '>=' ? a >= b : a <= b
}
