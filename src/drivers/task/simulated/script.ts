/**
 * What a simulated task does, as data: how it behaves is a pure function of its script, of when it started and was told
 * to stop, and of now. So a second driver over the same folder, or a clock that jumped, sees the same truth.
 */
import { z } from 'zod'
import type { ExitStatus } from '#contract/wire.ts'

export const simulationScript = z.strictObject({
  /** The start fails with this. */
  startError: z.string().optional(),
  /** Whether that failure says that another try may succeed. */
  retryable: z.boolean().default(false),
  /** It ends by itself this long after its start; absent: it runs until it is stopped. */
  exitAfterMs: z.number().min(0).optional(),
  /** How it ends, by itself or when told to stop. Neither: 0 by itself, the stop's signal when told. */
  code: z.number().int().min(0).max(255).optional(),
  signal: z.string().optional(),
  oom: z.boolean().default(false),
  /** It is frozen this long after its start, and heeds no signal from then on; absent: never. */
  frozenAfterMs: z.number().min(0).optional(),
  /** Stop signals it does not heed. */
  ignores: z.array(z.string()).default([]),
  /** Written at its start. */
  lines: z.array(z.string()).default([]),
  /** This many numbered lines more, spread evenly until `exitAfterMs`. */
  flood: z.number().int().min(0).default(0),
  memoryBytes: z.number().default(50 * 1024 ** 2),
  /** CPUs it keeps busy. */
  cpu: z.number().default(0.01),
  /** What every exec in it prints and ends with. */
  exec: z.strictObject({ output: z.string().default(''), code: z.number().int().default(0) }).default({ output: '', code: 0 }),
})
export type SimulationScript = z.output<typeof simulationScript>

/** Reads the label `simulate` or the variable SIMULATE; neither means a task that just runs. Throws on bad JSON or keys. */
export function scriptOf(labels: Record<string, string>, env: Record<string, string>): SimulationScript {
  const text = labels['simulate'] ?? env['SIMULATE']
  return simulationScript.parse(text === undefined ? {} : JSON.parse(text))
}

export type Life = { script: SimulationScript; startedAt: number; stop: { signal: string; at: number; killAt: number } | null }

/** How it has ended by `now`, or null while it runs. */
export function exitAt(life: Life, now: number): ExitStatus | null {
  const { script, startedAt, stop } = life
  const byItself = script.exitAfterMs === undefined ? Infinity : startedAt + script.exitAfterMs
  const heeds = stop !== null && stop.signal !== 'SIGKILL' && !script.ignores.includes(stop.signal) && !isFrozenAt(life, stop.at)
  const stopped = stop === null ? Infinity : heeds ? stop.at : stop.signal === 'SIGKILL' ? stop.at : stop.killAt
  const at = Math.min(byItself, stopped)
  if (at > now) return null
  const ended = { at: new Date(at).toISOString() }
  if (stopped < byItself && !heeds) return { code: null, signal: 'SIGKILL', oom: false, ...ended }
  if (script.signal !== undefined) return { code: null, signal: script.signal, oom: script.oom, ...ended }
  if (script.oom) return { code: null, signal: 'SIGKILL', oom: true, ...ended }
  if (script.code !== undefined) return { code: script.code, signal: null, oom: false, ...ended }
  return stopped < byItself ? { code: null, signal: stop?.signal ?? null, oom: false, ...ended } : { code: 0, signal: null, oom: false, ...ended }
}

export function isFrozenAt({ script, startedAt }: Life, now: number): boolean {
  return script.frozenAfterMs !== undefined && now >= startedAt + script.frozenAfterMs
}

/** How many lines it has written by `now`. */
export function lineCountAt(life: Life, now: number): number {
  const { script, startedAt } = life
  const until = Math.min(now, Date.parse(exitAt(life, now)?.at ?? '') || now)
  const share = script.exitAfterMs ? Math.min(1, (until - startedAt) / script.exitAfterMs) : 1
  return script.lines.length + Math.floor(script.flood * share)
}

export function lineAt(script: SimulationScript, index: number): string {
  return script.lines[index] ?? `line ${index - script.lines.length} of a flood`
}
