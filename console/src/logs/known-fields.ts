import type { LogLine } from '#contract/model.ts'
import type { Known } from '../lib/log-search.ts'

const looked = 500
const maxFields = 80
const maxValues = 30

/** Fields and their values in the newest lines, for completion: what was seen most often comes first. */
export function knownFields(lines: readonly LogLine[]): Known {
  const seen = new Map<string, Map<string, number>>()
  const count = (name: string, value: string) => {
    const values = seen.get(name) ?? new Map<string, number>()
    if (seen.size >= maxFields && !seen.has(name)) return
    seen.set(name, values)
    if (value.length <= 60 && (values.size < maxValues * 4 || values.has(value))) values.set(value, (values.get(value) ?? 0) + 1)
  }
  for (const line of lines.slice(-looked)) {
    for (const name of ['app', 'service', 'instance'] as const) count(name, line[name])
    if (line.release !== null) count('release', `v${line.release}`)
    for (const [name, value] of Object.entries(line.fields ?? {})) if (value !== null) count(name, String(value))
  }
  return new Map([...seen].map(([name, values]) => [name, [...values].sort((a, b) => b[1] - a[1]).slice(0, maxValues).map(([value]) => value)]))
}
