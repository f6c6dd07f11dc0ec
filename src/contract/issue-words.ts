/** What a schema found wrong, in our words where it has none of its own. Pure. */
import type { z } from 'zod'

/** `must be at most 65535`, `is missing`. What is wrong with the name of a field stands one level below the issue. */
export function issueWords(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message
  if (issue.code === 'unrecognized_keys') return `there is no ${issue.keys.map((key) => JSON.stringify(key)).join(', ')} here`
  if (issue.code === 'invalid_value' && /^Invalid (option|input): expected /.test(issue.message)) return issue.values.length === 1 ? `must be ${String(issue.values[0])}` : `must be one of ${issue.values.map(String).join(', ')}`
  if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid input: expected ')) return issue.message.endsWith(' received undefined') ? 'is missing' : `must be ${typeWords[issue.expected] ?? `of type ${issue.expected}`}`
  if (issue.code === 'too_big' && issue.message.startsWith('Too big')) return `must ${sized(issue.origin)} ${issue.inclusive === false ? 'less than' : 'at most'} ${String(issue.maximum)}${unitOf(issue.origin)}`
  if (issue.code === 'too_small' && issue.message.startsWith('Too small')) return issue.origin === 'string' && issue.minimum === 1 ? 'must not be empty' : `must ${sized(issue.origin)} ${issue.inclusive === false ? 'more than' : 'at least'} ${String(issue.minimum)}${unitOf(issue.origin)}`
  // none of several would do: the last one is the widest
  if (issue.code === 'invalid_union' && issue.message === 'Invalid input') return issueWords(issue.errors.at(-1)?.[0] ?? { ...issue, message: 'is none of what it may be' })
  return issue.message
}

/** The value that does not fit, where it is short and no secret can be in it: the parser keeps it for texts of a given form only. */
export function givenValue(issue: z.core.$ZodIssue): string {
  const input: unknown = issue.code === 'invalid_format' ? issue.input : undefined
  return typeof input === 'string' && input.length <= 60 && !issue.message.includes(JSON.stringify(input)) && !input.includes('\0') ? `, not ${JSON.stringify(input)}` : ''
}

const typeWords: Readonly<Record<string, string>> = { int: 'a whole number', number: 'a number', string: 'a text', boolean: 'true or false', object: 'a map', record: 'a map', array: 'a list' }
const sized = (origin: string) => (origin === 'array' || origin === 'set' ? 'hold' : 'be')
const unitOf = (origin: string) => (origin === 'string' ? ' characters long' : '')
