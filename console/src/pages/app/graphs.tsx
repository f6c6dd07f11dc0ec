import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Chart, type ChartLine } from '../../components/chart.tsx'
import { Choice } from '../../components/field.tsx'
import { Section } from '../../components/page.tsx'
import { type AppRef, queries } from '../../data/queries.ts'
import { formatChange, formatCount, formatLatency, formatRate, formatShare, formatSize } from '../../lib/numbers.ts'
import { addUp, resourceLines, trend } from '../../lib/traffic.ts'

const windows = [
  { value: '15', text: '15 min' },
  { value: '60', text: '1 h' },
  { value: '360', text: '6 h' },
  { value: '1440', text: '24 h' },
] as const
const tones = ['accent', 'ink-soft', 'healthy-mark', 'amber-mark'] as const
const height = 150

/** How the app does: requests at the ingress, errors, latency, CPU and memory, with its releases drawn on them. */
export function Graphs({ of }: { of: AppRef }) {
  const [window, setWindow] = useState<(typeof windows)[number]['value']>('60')
  const minutes = Number(window)
  const traffic = useQuery(queries.traffic(of, minutes)).data
  const resources = useQuery(queries.resources(of, minutes)).data
  const releases = useQuery(queries.releases(of)).data ?? []
  const markers = releases.filter((release) => release.state !== 'failed').map((release) => ({ at: Date.parse(release.createdAt) / 1000, label: `v${release.number}` }))
  const routes = addUp((traffic ?? []).filter((one) => one.from === null))
  const cpu = resourceLines(resources ?? [], (point) => point.cpu)
  const memory = resourceLines(resources ?? [], (point) => point.memoryBytes)
  const common = { markers, height, times: routes.times }
  return (
    <Section title="How it does" aside={<Choice label="Time shown" value={window} options={windows} onChange={setWindow} />}>
      <div className="grid gap-x-10 gap-y-7 py-2 md:grid-cols-2">
        <Chart {...common} title="Requests" about={<Now text={formatRate(trend(routes.rate).now)} change={compared(routes.rate)} />} lines={[{ name: 'requests', values: routes.rate, tone: 'accent' }]} format={formatCount} floor={1} />
        <Chart {...common} title="Failed requests" about={<Now text={formatShare(trend(routes.errorShare).now)} change={null} />} lines={[{ name: 'errors', values: routes.errorShare, tone: 'red-mark' }]} format={formatShare} floor={0.01} />
        <Chart
          {...common}
          title="Latency, p99 and p50 (dashed)"
          about={<Now text={`${formatLatency(trend(routes.p99).now)} · ${formatLatency(trend(routes.p50).now)}`} change={compared(routes.p99)} />}
          lines={[
            { name: 'p99', values: routes.p99, tone: 'accent' },
            { name: 'p50', values: routes.p50, tone: 'ink-soft' },
          ]}
          format={formatLatency}
          floor={10}
        />
        <Chart markers={markers} height={height} times={cpu.times} title="CPU by instance" about={<Now text={`${sumOfNewest(cpu.lines).toFixed(2)} cores`} change={null} />} lines={toned(cpu.lines)} format={(value) => value.toFixed(2)} floor={0.1} />
        <Chart markers={markers} height={height} times={memory.times} title="Memory by instance" about={<Now text={formatSize(sumOfNewest(memory.lines))} change={null} />} lines={toned(memory.lines)} format={(value) => (value === 0 ? '0' : formatSize(value).replace('.0 ', ' '))} floor={1e6} />
      </div>
    </Section>
  )
}

function Now({ text, change }: { text: string; change: string | null }) {
  return (
    <>
      <span className="num">{text}</span>
      {change === null ? null : <span className="text-sm text-soft"> {change}</span>}
    </>
  )
}

function compared(values: readonly (number | null)[]): string | null {
  const { recent, before } = trend(values)
  const change = formatChange(recent, before)
  return change === null || change === 'as before' ? change : `${change} to before`
}

const toned = (lines: readonly { name: string; values: (number | null)[] }[]): ChartLine[] => lines.map((line, index) => ({ ...line, tone: tones[index % tones.length] as ChartLine['tone'] }))
const sumOfNewest = (lines: readonly { values: (number | null)[] }[]) => lines.reduce((sum, line) => sum + (line.values.findLast((value) => value !== null) ?? 0), 0)
