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
  return issue.message
}

const typeWords: Readonly<Record<string, string>> = { int: 'a whole number', number: 'a number', string: 'a text', boolean: 'true or false', object: 'a map', record: 'a map', array: 'a list' }
const sized = (origin: string) => (origin === 'array' || origin === 'set' ? 'hold' : 'be')
const unitOf = (origin: string) => (origin === 'string' ? ' characters long' : '')
