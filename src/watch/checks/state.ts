/**
 * How a check stands, from what its vantage points saw. Pure: the same rows and the same time give the same states.
 *
 *   paused ← a person · maintenance ← an open window · unknown ← no vantage point reported for too long
 *   down ← enough vantage points saw it fail often enough · pending ← they have not, yet
 *   suppressed ← it would be down, and so is what it depends on
 *   warn, up ← what is left
 *
 * One cause, one notice: a check that would be down waits (pending) while what it depends on is failing too and not judged
 * yet, or has not been looked at since; so the cause is told first, however the schedules fall.
 */
import { formatDuration } from '#base/units.ts'
import type { CheckState, Outcome } from '#contract/checks.ts'
import { dueAfter, graceMs, scheduleOf, timeIn } from './due.ts'
import { type CheckRowIn, type Seen, type SeenBy, type WindowRow, pushVantage } from './model.ts'
import { windowOver } from './windows.ts'

export type Watched = Pick<CheckRowIn, 'id' | 'name' | 'kind' | 'app' | 'every_ms' | 'timeout_ms' | 'retries' | 'quorum' | 'needs' | 'paused_by'> & { config: Record<string, unknown>; created_at: Date; seen: SeenBy; before: CheckState | null }
export type Verdict = { state: CheckState; because: string }

/**
 * One more result of a vantage point. Older than what is known: nothing changes, unless what is known is of the future: then the clock
 * was set back, and nothing would change until it is that time again.
 */
export function foldResult(before: Seen | undefined, result: Outcome & { atMs: number }, nowMs: number): Seen {
  if (before !== undefined && result.atMs < before.at && before.at <= nowMs) return before
  const { status, message, durationMs, metrics, atMs } = result
  const isFailed = status === 'err'
  return {
    status, message, durationMs, metrics, at: atMs,
    failures: isFailed ? (before?.failures ?? 0) + 1 : 0,
    failingSince: isFailed ? Math.min(before?.failingSince ?? atMs, atMs) : null,
    ...(before?.started === undefined ? {} : { started: before.started }),
  }
}

/** For the next look at what it depends on, which may run once a day. */
const longestWaitMs = 2 * 60_000

/** A vantage point that is silent for longer than this no longer counts. */
export function staleAfterMs({ every_ms, timeout_ms }: Pick<Watched, 'every_ms' | 'timeout_ms'>): number {
  return Math.max(30_000, 3 * every_ms + timeout_ms)
}

type Raw = { verdict: 'up' | 'warn' | 'down' | 'pending' | 'unknown'; because: string; failingSince: number | null; /** the oldest of the vantage points' last looks */ lookedAt: number }

/** What the vantage points say, before people and dependencies have a word. */
function rawVerdict(check: Watched, now: Date): Raw {
  if (check.kind === 'heartbeat') return heartbeatVerdict(check, now)
  // what is known of the future was seen before the clock was set back, and is as old as what is long past
  const fresh = Object.entries(check.seen).filter(([, seen]) => Math.abs(now.getTime() - seen.at) <= staleAfterMs(check))
  if (fresh.length === 0) {
    const isNew = Object.keys(check.seen).length === 0 && now.getTime() - check.created_at.getTime() <= staleAfterMs(check)
    return { verdict: isNew ? 'pending' : 'unknown', because: isNew ? 'it has not run yet' : 'no vantage point has reported lately', failingSince: null, lookedAt: 0 }
  }
  const failing = fresh.filter(([, seen]) => seen.failures > 0)
  const hard = failing.filter(([, seen]) => seen.failures > check.retries)
  const needed = Math.min(check.quorum ?? Math.floor(fresh.length / 2) + 1, fresh.length)
  const failingSince = failing.length === 0 ? null : Math.min(...failing.map(([, seen]) => seen.failingSince ?? seen.at))
  const lookedAt = Math.min(...fresh.map(([, seen]) => seen.at))
  const words = (list: [string, Seen][]) => (fresh.length === 1 ? list[0]?.[1].message ?? '' : `${list.length} of ${fresh.length} vantage points (${list.map(([name]) => name).join(', ')}): ${list[0]?.[1].message ?? ''}`)
  if (hard.length >= needed) return { verdict: 'down', because: words(hard), failingSince, lookedAt }
  if (failing.length >= needed) return { verdict: check.before === 'down' || check.before === 'suppressed' ? 'down' : 'pending', because: `${words(failing)} (${Math.max(...failing.map(([, seen]) => seen.failures))} of ${check.retries + 1} failed runs)`, failingSince, lookedAt }
  const warned = fresh.filter(([, seen]) => seen.status === 'warn')
  if (warned.length >= needed) return { verdict: 'warn', because: words(warned), failingSince, lookedAt }
  const well = fresh.find(([, seen]) => seen.status === 'ok') ?? fresh[0]
  const because = failing.length === 0 ? (well?.[1].message ?? '') : `${words(failing)}; ${needed} must see it`
  return { verdict: 'up', because, failingSince, lookedAt }
}

function heartbeatVerdict(check: Watched, now: Date): Raw {
  const seen = check.seen[pushVantage]
  if (seen === undefined) return { verdict: 'pending', because: 'it waits for the first ping', failingSince: null, lookedAt: now.getTime() }
  const grace = graceMs(check)
  const lookedAt = now.getTime()
  if (seen.failures > 0) return { verdict: 'down', because: seen.message, failingSince: seen.failingSince, lookedAt }
  const begun = Object.values(seen.started ?? {})
  const oldest = begun.length === 0 ? null : Math.min(...begun)
  if (oldest !== null && now.getTime() > oldest + grace) return { verdict: 'down', because: `it began ${formatDuration(now.getTime() - oldest)} ago and has not ended`, failingSince: oldest + grace, lookedAt }
  const due = dueAfter(check, seen.at)
  const schedule = scheduleOf(check)
  const silentFor = formatDuration(now.getTime() - seen.at)
  if (now.getTime() > due + grace) return { verdict: 'down', because: schedule === null ? `no ping for ${silentFor}` : `no ping, and one was due at ${timeIn(due, schedule)}`, failingSince: due + grace, lookedAt }
  if (now.getTime() > due) return { verdict: 'up', because: schedule === null ? `late: the last ping was ${silentFor} ago` : `late: a ping was due at ${timeIn(due, schedule)}`, failingSince: null, lookedAt }
  return { verdict: seen.status === 'warn' ? 'warn' : 'up', because: seen.message, failingSince: null, lookedAt }
}

/** The state of every check. Dependencies are followed through several levels; a circle is cut where it closes. */
export function verdicts(checks: readonly Watched[], windows: readonly WindowRow[], now: Date): Map<string, Verdict> {
  const byId = new Map(checks.map((check) => [check.id, check]))
  const raws = new Map<string, Raw>()
  const found = new Map<string, Verdict>()
  const underway = new Set<string>()
  const rawOf = (check: Watched) => {
    const raw = raws.get(check.id) ?? rawVerdict(check, now)
    raws.set(check.id, raw)
    return raw
  }

  function verdictOf(check: Watched): Verdict | undefined {
    const known = found.get(check.id)
    if (known || underway.has(check.id)) return known
    underway.add(check.id)
    const verdict = decide(check)
    underway.delete(check.id)
    found.set(check.id, verdict)
    return verdict
  }

  function decide(check: Watched): Verdict {
    if (check.paused_by !== null) return { state: 'paused', because: `${check.paused_by} paused it` }
    const window = windowOver(windows, check, now)
    if (window) return { state: 'maintenance', because: window.title }
    const raw = rawOf(check)
    if (raw.verdict !== 'down') return { state: raw.verdict, because: raw.because }
    for (const need of check.needs.map((id) => byId.get(id))) {
      const verdict = need && verdictOf(need)
      const held = need && verdict && heldBy({ check, raw, need, verdict, needRaw: rawOf(need) }, now)
      if (held) return held
    }
    return { state: 'down', because: raw.because }
  }

  for (const check of checks) verdictOf(check)
  return found
}

type Dependence = { check: Watched; raw: Raw; need: Watched; verdict: Verdict; needRaw: Raw }

/** Whether a check that would be down is kept from it by one that it depends on. */
function heldBy({ check, raw, need, verdict, needRaw }: Dependence, now: Date): Verdict | null {
  if (verdict.state === 'down' || verdict.state === 'suppressed' || verdict.state === 'maintenance') return { state: 'suppressed', because: `${need.name}, which it depends on, is ${verdict.state === 'maintenance' ? 'in maintenance' : 'down'}; ${raw.because}` }
  if (check.before === 'down') return null // it was told already
  const isUnjudged = needRaw.verdict === 'pending' && needRaw.failingSince !== null
  const waited = now.getTime() - (raw.failingSince ?? now.getTime())
  const isUnseen = waited < longestWaitMs && need.kind !== 'heartbeat' && (verdict.state === 'up' || verdict.state === 'warn') && needRaw.lookedAt < (raw.failingSince ?? 0)
  return isUnjudged || isUnseen ? { state: 'pending', because: `${raw.because}; waits whether ${need.name}, which it depends on, is down` } : null
}

/** Whether a check that needs `needs` would depend on itself; then the names on the way round. */
export function circle(id: string, needs: readonly string[], all: ReadonlyMap<string, { name: string; needs: readonly string[] }>): string[] | null {
  const visit = (at: string, way: string[], seen: Set<string>): string[] | null => {
    if (at === id) return way
    if (seen.has(at)) return null
    seen.add(at)
    for (const next of all.get(at)?.needs ?? []) {
      const found = visit(next, [...way, all.get(at)?.name ?? at], seen)
      if (found) return found
    }
    return null
  }
  const seen = new Set<string>()
  for (const need of needs) {
    const found = visit(need, [], seen)
    if (found) return found
  }
  return null
}

/** Worst first, for strips that show one state for a span of time. */
export const graveness: readonly CheckState[] = ['down', 'suppressed', 'warn', 'unknown', 'pending', 'maintenance', 'paused', 'up']
