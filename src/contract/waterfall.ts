/** A trace as rows of a waterfall, for the console and the command line alike. Pure. */
import type { Span } from './traces.ts'

/** Upper bounds of the bars of the distribution, in milliseconds; the last is open. */
export const durationBarsMs = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000] as const

export type WaterfallRow = {
  span: Span
  depth: number
  /** From the beginning of the trace. */
  offsetMs: number
  /** On the path that made the trace as long as it is: shorten one of these and the whole becomes shorter. */
  critical: boolean
  /** Its parent is not among the spans, so that it stands at the top although it is not the first. */
  orphan: boolean
}
export type Waterfall = { rows: WaterfallRow[]; startMs: number; durationMs: number }

/** Parents before children, children by their beginning. A circle of parents (a broken client) is cut at its earliest span. */
export function waterfallOf(spans: readonly Span[]): Waterfall {
  const own = [...new Map(spans.map((span) => [span.spanId, span])).values()].sort(byBeginning)
  if (own.length === 0) return { rows: [], startMs: 0, durationMs: 0 }
  const ids = new Set(own.map((span) => span.spanId))
  const children = Map.groupBy(own, (span) => (span.parentId !== null && ids.has(span.parentId) && span.parentId !== span.spanId ? span.parentId : ''))
  const startMs = Math.min(...own.map((span) => span.atMs))
  const endMs = Math.max(...own.map(endOf))
  const rows: WaterfallRow[] = []
  const seen = new Set<string>()
  const visit = (top: Span) => {
    const open = [{ span: top, depth: 0 }] // a stack of our own: depth is the sender's choice
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { span, depth } = next
      if (seen.has(span.spanId)) continue
      seen.add(span.spanId)
      rows.push({ span, depth, offsetMs: span.atMs - startMs, critical: false, orphan: depth === 0 && span.parentId !== null })
      for (const child of (children.get(span.spanId) ?? []).toReversed()) open.push({ span: child, depth: depth + 1 })
    }
  }
  for (const span of children.get('') ?? []) visit(span)
  for (const span of own) if (!seen.has(span.spanId)) visit(span)
  const critical = criticalPath(rows, children)
  for (const row of rows) row.critical = critical.has(row.span.spanId)
  return { rows, startMs, durationMs: endMs - startMs }
}

/**
 * From the top span that lasts longest back from its end: the child that ended last before that moment was waited for, then what
 * ended before that one began, and so on within each of them.
 */
function criticalPath(rows: readonly WaterfallRow[], children: ReadonlyMap<string, readonly Span[]>): Set<string> {
  const path = new Set<string>()
  const tops = rows.filter((row) => row.depth === 0).map((row) => row.span)
  const first = tops.toSorted((a, b) => b.durationMs - a.durationMs || byBeginning(a, b))[0]
  const open = first === undefined ? [] : [{ span: first, untilMs: endOf(first) }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (path.has(next.span.spanId)) continue
    path.add(next.span.spanId)
    let at = next.untilMs
    for (const child of (children.get(next.span.spanId) ?? []).toSorted((a, b) => endOf(b) - endOf(a))) {
      if (endOf(child) > at + slackMs || child.atMs >= at) continue
      open.push({ span: child, untilMs: Math.min(at, endOf(child)) })
      at = child.atMs
    }
  }
  return path
}

/** Clocks of two processes on one machine, and their rounding. */
const slackMs = 0.5

function endOf(span: Span): number {
  return span.atMs + span.durationMs
}

function byBeginning(a: Span, b: Span): number {
  return a.atMs - b.atMs || b.durationMs - a.durationMs || (a.spanId < b.spanId ? -1 : 1)
}
