import type { Said } from './port.ts'
import { brief } from './texts.ts'

/** How much later than we a database gives up a query, so that it never gives up first: then its words would be told, not ours. */
export const serverGraceMs = 1_000

/** What a query answered: its first value as text (undefined: there is none) and how many rows it has. Pure. */
export function judgeAnswer(first: string | undefined, count: number, expect: string | undefined): Said {
  const text = first ?? ''
  const number = text.trim() === '' ? NaN : Number(text)
  const metrics = [{ name: 'rows', value: count }, ...(Number.isFinite(number) ? [{ name: 'value', value: number }] : [])]
  if (expect !== undefined && text !== expect) return { status: 'err', message: `the query answered ${first === undefined ? 'nothing' : brief(text, 100)}, not ${expect}`, metrics }
  return { status: 'ok', message: `${count} ${count === 1 ? 'row' : 'rows'}${text === '' ? '' : `, the first value is ${brief(text, 100)}`}`, metrics }
}
