/**
 * Which instances do so much worse than their peers that requests had better go to those. Pure: it compares standings over
 * one window, in no order, and never asks more of the others than half of the fleet can give.
 */
export type Standing = {
  id: string
  ejected: boolean
  /** All that had an end: answers, and what we had to answer for it. */
  requests: number
  /** 5xx, and our own failures. */
  errors: number
  /** Answers that are no errors, and what they typically (geometric mean) took, in milliseconds. */
  answers: number
  typicalMs: number
}

export type Outlier = { id: string; because: string; numbers: Record<string, number> }

/** Below this an instance is not judged, nor is it compared with. */
const leastVolume = 20
/** An error share is odd if it is that much above the peers', and beyond what chance explains: three standard errors. */
const errorGap = 0.2
const standardErrors = 3
/** An instance is slow if it takes so many times what its peers take, and so much longer. */
const slowFactor = 3
const slowGapMs = 50

/** How many of `count` may be out at once: half, so never all, and of two one. */
export function mostEjected(count: number): number {
  return Math.floor(count / 2)
}

/** Those to eject now, the worst first; empty when all are equally bad. */
export function outliers(all: readonly Standing[]): Outlier[] {
  const room = mostEjected(all.length) - all.filter((one) => one.ejected).length
  if (room <= 0) return []
  const judged = all.filter((one) => !one.ejected)
  const found = judged.flatMap((one) => {
    const peers = judged.filter((other) => other !== one)
    return failing(one, peers) ?? slow(one, peers) ?? []
  })
  found.sort((a, b) => b.severity - a.severity || (a.id < b.id ? -1 : 1))
  return found.slice(0, room).map(({ severity: _, ...outlier }) => outlier)
}

type Found = Outlier & { severity: number }

function failing(one: Standing, peers: readonly Standing[]): Found | null {
  const requests = sum(peers, (peer) => peer.requests)
  if (one.requests < leastVolume || requests < leastVolume) return null
  const errors = sum(peers, (peer) => peer.errors)
  const gap = one.errors / one.requests - errors / requests
  const common = (one.errors + errors) / (one.requests + requests)
  const chance = standardErrors * Math.sqrt(common * (1 - common) * (1 / one.requests + 1 / requests))
  if (gap < errorGap || gap < chance) return null
  return {
    id: one.id,
    severity: 1 + gap, // failing goes before slow
    because: `${one.errors} of ${one.requests} requests failed, at its peers ${errors} of ${requests}`,
    numbers: { requests: one.requests, errors: one.errors, peerRequests: requests, peerErrors: errors },
  }
}

function slow(one: Standing, peers: readonly Standing[]): Found | null {
  const known = peers.filter((peer) => peer.answers >= leastVolume)
  if (one.answers < leastVolume || known.length === 0) return null
  const usualMs = median(known.map((peer) => peer.typicalMs))
  if (one.typicalMs < slowFactor * usualMs || one.typicalMs < usualMs + slowGapMs) return null
  return {
    id: one.id,
    severity: 1 - usualMs / one.typicalMs,
    because: `its answers take ${Math.round(one.typicalMs)} ms, those of its peers ${Math.round(usualMs)} ms`,
    numbers: { requests: one.requests, errors: one.errors, typicalMs: Math.round(one.typicalMs), peerTypicalMs: Math.round(usualMs) },
  }
}

function sum(standings: readonly Standing[], of: (one: Standing) => number): number {
  return standings.reduce((total, one) => total + of(one), 0)
}

function median(values: number[]): number {
  values.sort((a, b) => a - b)
  return values[Math.floor((values.length - 1) / 2)] as number
}
