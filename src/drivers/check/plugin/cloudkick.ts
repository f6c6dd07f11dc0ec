/** What a Cloudkick agent plugin prints: `status ok|warn|err <message>`, then `metric <name> <type> <value> [unit]` lines. Pure. */
import type { CheckMetric } from '#contract/checks.ts'
import type { Said } from '../port.ts'
import { brief } from '../texts.ts'

const types = ['int', 'float', 'gauge', 'string', 'int32', 'uint32', 'int64', 'uint64', 'double'] as const
const maxMetrics = 100

/** Undefined for what is no metric. A `gauge` grows for ever and is shown as a rate. */
export function metricOf(name: string, type: string, value: string, unit?: string): CheckMetric | undefined {
  if (!/^[\w.\-/:%]{1,100}$/.test(name) || !(types as readonly string[]).includes(type)) return undefined
  if (type === 'string') return { name, value: value.slice(0, 500) }
  const number = Number(value)
  if (value.trim() === '' || !Number.isFinite(number)) return undefined
  return { name, value: number, ...(unit === undefined || unit === '' ? {} : { unit: unit.slice(0, 20) }), ...(type === 'gauge' ? { counter: true } : {}) }
}

export const isCloudkick = (output: string): boolean => /^status\s+(ok|warn|err)\b/m.test(output)

/** A plugin of this kind says its state in words; any other end than 0 is an error of the plugin. */
export function readCloudkick(output: string, code: number | null): Said {
  const status = /^status\s+(ok|warn|err)\b[ \t]*(.*)$/m.exec(output)
  if (code !== 0) return { status: 'err', message: `the plugin ended with ${code ?? 'a signal'}: ${brief(output)}` }
  if (!status) return { status: 'err', message: `the plugin did not say "status ok|warn|err": ${brief(output)}` }
  const metrics: CheckMetric[] = []
  for (const [, name = '', type = '', rest = ''] of output.matchAll(/^metric\s+(\S+)\s+(\S+)\s+(.*)$/gm)) {
    const [value = '', unit] = type === 'string' ? [rest.trim()] : rest.trim().split(/\s+/, 2)
    const metric = metricOf(name, type, value, unit)
    if (metric && metrics.length < maxMetrics) metrics.push(metric)
  }
  return { status: status[1] as Said['status'], message: brief(status[2] ?? '') || (status[1] as string), metrics }
}
