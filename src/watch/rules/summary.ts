import type { RuleSpec } from '#contract/alerting.ts'
import { fill, format } from './judge.ts'
import { type Labels, placeOf } from './model.ts'

/** What an alert says: the rule's summary with its values, and what it does not say of why. */
export function alertWords(spec: RuleSpec, labels: Labels, value: number | null, because: string): string {
  const { condition, summary } = spec
  const threshold = 'value' in condition ? format(spec, condition.value) : ''
  const words = fill(summary, { ...labels, place: placeOf(labels) || 'this Nightshift', value: value === null ? 'no value' : format(spec, value), threshold })
  if (condition.kind !== 'threshold' || !summary.includes('{value}')) return `${words}: ${because}`
  return summary.includes('{threshold}') ? words : `${words} (${condition.is} ${threshold})`
}
