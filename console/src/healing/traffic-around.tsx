import type { RemediationDetail } from '#contract/healing.ts'
import { Chart } from '../components/chart.tsx'
import { type Around, failedAround, windowOf } from '../lib/around.ts'
import { formatCount, formatLatency, formatShare } from '../lib/numbers.ts'
import { marksOf } from '../lib/remediation-timeline.ts'
import { addUp } from '../lib/traffic.ts'

const height = 118

/** What callers saw: requests, errors and latency on one time, one below the other, with what healing did drawn on them. */
export function TrafficAround({ one }: { one: RemediationDetail }) {
  const flow = addUp([{ points: one.traffic }])
  const failed = failedAround(one.traffic, one.signal.since, one.endedAt)
  const common = { ...windowOf(one.traffic), times: flow.times, markers: marksOf(one), height }
  return (
    <div className="space-y-4 py-2">
      <Chart {...common} title="Requests" about={<span className="text-sm text-soft">per second</span>} lines={[{ name: 'requests', values: flow.rate, tone: 'accent' }]} format={formatCount} floor={1} />
      <Chart {...common} title="Failed" about={<span className="text-sm text-soft">{inWords(failed)}</span>} lines={[{ name: 'errors', values: flow.errorShare, tone: 'red-mark' }]} format={formatShare} floor={0.01} />
      <Chart {...common} title="Latency" about={<span className="text-sm text-soft">p99</span>} lines={[{ name: 'p99', values: flow.p99, tone: 'accent' }]} format={formatLatency} floor={10} />
    </div>
  )
}

function inWords({ before, worst, after }: Around): string {
  return [before === null ? null : `${formatShare(before)} before`, worst === null ? null : `${formatShare(worst)} at worst`, after === null ? null : `${formatShare(after)} after`].filter((part) => part !== null).join(', ')
}
