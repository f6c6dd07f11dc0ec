/**
 * What callers see of a service beside what they usually see. Pure.
 *
 * Failing: much of the last minute failed; or less, but surely more than usual over ten minutes, and still now. One window alone either
 * tells late, or tells of what is over. Slow: far more answers than usual take longer than hardly any usually does, by a test against
 * chance over ten minutes, and still now. Little traffic says nothing.
 */
import { latencyBucketsMs } from '#contract/wire.ts'
import { percentile } from '#watch/traffic/percentile.ts'
import { type Counted, proportionZ, surelyZ, total } from '#heal/significance.ts'
import type { CountFacts, ServiceFacts } from './model.ts'

/** Fewer requests say nothing about the share that fails. */
const leastInMinute = 20
const leastInTenMinutes = 100
const leastUsual = 500
const failingShare = 0.25
/** Of ten minutes. */
const worseShare = 0.05
const slowShare = 0.05
const leastSlowMs = 250
const slowFactor = 3

type Traffic = Pick<ServiceFacts, 'requests' | 'errors' | 'latency' | 'recent' | 'usual'>

/** Whether it is worth a look at what is usual: nothing that is well needs one. */
export function isConspicuous({ requests, errors, recent }: Pick<Traffic, 'requests' | 'errors' | 'recent'>): boolean {
  if (requests < leastInMinute || recent.requests < leastInTenMinutes) return false
  return (errors > 0 && recent.errors / recent.requests >= worseShare) || (percentile(recent.latency, 1 - slowShare) ?? 0) >= leastSlowMs
}

/** Why it counts as failing; null: it does not. */
export function failingBecause({ requests, errors, recent, usual }: Traffic): string | null {
  if (requests < leastInMinute) return null
  if (errors / requests >= failingShare) return `${percent(errors / requests)} of ${requests} requests failed in the last minute`
  if (recent.requests < leastInTenMinutes || recent.errors / recent.requests < worseShare || errors / requests < worseShare) return null
  const was = usual !== null && usual.requests >= leastInTenMinutes ? usual : null
  if (was !== null && proportionZ(was, recent) < surelyZ) return null
  return `${percent(recent.errors / recent.requests)} of ${recent.requests} requests failed in the last ten minutes${was === null ? '' : ` (in the hour before: ${percent(was.errors / was.requests)})`}`
}

/** Why it counts as slow; null: it does not, or there is too little to compare. */
export function slowBecause({ latency, recent, usual }: Traffic): string | null {
  if (usual === null || total(usual.latency) < leastUsual || total(recent.latency) < leastInTenMinutes || total(latency) < leastInMinute) return null
  const bound = boundOf(usual)
  const was = percentile(usual.latency, 0.99) ?? 0
  const is = percentile(recent.latency, 0.99) ?? 0
  if (is < was * slowFactor || is - was < leastSlowMs) return null
  const [before, now] = [slowerThan(usual, bound), slowerThan(recent, bound)]
  if (now.errors / now.requests < slowShare || proportionZ(before, now) < surelyZ) return null
  const minute = slowerThan({ latency }, bound)
  if (minute.errors / minute.requests < slowShare) return null
  return `${percent(now.errors / now.requests)} of its answers take more than ${latencyBucketsMs[bound - 1] ?? latencyBucketsMs[0]} ms; one in a hundred takes more than ${Math.round(is)} ms (in the hour before: ${Math.round(was)} ms)`
}

/** The first bucket in which, with all above it, usually no more than one answer in a hundred lies. */
function boundOf({ latency }: Pick<CountFacts, 'latency'>): number {
  let above = total(latency)
  const most = above / 100
  for (let bucket = 0; bucket < latency.length; bucket++) {
    if (above <= most) return bucket
    above -= latency[bucket] ?? 0
  }
  return latency.length
}

/** Those from a bucket on, as if they were the errors. */
function slowerThan({ latency }: Pick<CountFacts, 'latency'>, bound: number): Counted {
  return { requests: total(latency), errors: total(latency.slice(bound)) }
}

const percent = (share: number) => `${Math.round(share * 100)} %`
