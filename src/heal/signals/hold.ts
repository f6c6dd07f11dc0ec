/** How long a condition must hold until it is a signal, and be gone until it is over. Pure. */
import type { SignalKind } from '#contract/healing.ts'
import type { Condition, Signal } from './model.ts'
import { targetKey } from './model.ts'

/** The agent and the proxy have been at it for so long already. */
const holdMs: Record<SignalKind, number> = {
  'down': 15_000, 'degraded': 60_000, 'crash-loop': 5_000, 'flapping': 0, 'failing': 20_000, 'slow': 30_000, 'alerting': 5_000, 'outlier': 0, 'disk-filling': 10_000, 'machine-lost': 30_000,
}
/** What is well for so long is well. */
export const stableMs = 20_000

/** Gravest first. */
const gravity: readonly SignalKind[] = ['machine-lost', 'disk-filling', 'down', 'crash-loop', 'failing', 'slow', 'outlier', 'degraded', 'flapping', 'alerting']

/** The kept signals as they are after what is seen now; those that are over are left out. Keeps no order. */
export function nextSignals(kept: readonly Signal[], seen: readonly Condition[], now: Date): Signal[] {
  const key = (one: Condition) => `${targetKey(one.target)} ${one.kind}`
  const before = new Map(kept.map((signal) => [key(signal), signal]))
  const present = new Map(seen.map((condition) => [key(condition), condition]))
  const next: Signal[] = [...present].map(([name, condition]) => ({ ...condition, since: notAhead(before.get(name)?.since, now), goneAt: null }))
  for (const [name, signal] of before) {
    if (present.has(name)) continue
    const goneAt = notAhead(signal.goneAt, now)
    if (now.getTime() - goneAt.getTime() < stableMs) next.push({ ...signal, goneAt })
  }
  return next
}

/** A time of the future was written before the clock was set back: what has lasted since then has lasted since now. */
function notAhead(at: Date | null | undefined, now: Date): Date {
  return at && at < now ? at : now
}

/** What is noticed of a target, gravest first: it has held for long enough, and is not over yet. */
export function noticed(signals: readonly Signal[], target: string, now: Date): Signal[] {
  return signals
    .filter((signal) => targetKey(signal.target) === target && (signal.goneAt ?? now).getTime() - signal.since.getTime() >= holdMs[signal.kind])
    .toSorted((a, b) => gravity.indexOf(a.kind) - gravity.indexOf(b.kind))
}
