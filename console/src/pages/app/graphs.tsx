import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Chart, type ChartLine } from '../../components/chart.tsx'
import { Choice, Select } from '../../components/field.tsx'
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
const tones = ['accent', 'ink', 'ink-soft', 'rule-strong'] as const
const height = 150

/** How the app does: requests, errors, latency, CPU and memory, with its releases drawn on them; of all of it, or of one service. */
export function Graphs({ of, services, since }: { of: AppRef; services: readonly string[]; since: string }) {
  // what is new is looked at closely
  const [window, setWindow] = useState<(typeof windows)[number]['value']>(() => (Date.now() - Date.parse(since) < 20 * 60_000 ? '15' : '60'))
  const [chosen, setService] = useState('')
  const service = services.includes(chosen) ? chosen : ''
  const minutes = Number(window)
  const traffic = useQuery(queries.traffic(of, minutes)).data
  const resources = (useQuery(queries.resources(of, minutes)).data ?? []).filter((one) => service === '' || one.service === service)
  const releases = useQuery(queries.releases(of)).data ?? []
  const markers = releases.filter((release) => release.state !== 'failed').map((release) => ({ at: Date.parse(release.createdAt) / 1000, label: `v${release.number}` }))
  // of the whole app only what comes in from outside; of a service whatever calls it
  const flow = addUp((traffic ?? []).filter((one) => (service === '' ? one.from === null : one.service === service)))
  const cpu = resourceLines(resources, service === '' ? 'service' : 'name', (point) => point.cpu)
  const memory = resourceLines(resources, service === '' ? 'service' : 'name', (point) => point.memoryBytes)
  const common = { markers, height, minutes }
  const each = service === '' ? 'service' : 'instance'
  return (
    <Section
      title="How it does"
      aside={
        <span className="flex flex-wrap items-center gap-2">
          {services.length < 2 ? null : (
            <Select label="Of" hideLabel value={service} onChange={(event) => setService(event.target.value)} className="w-auto">
              <option value="">all services</option>
              {services.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </Select>
          )}
          <Choice label="Time shown" value={window} options={windows} onChange={setWindow} />
        </span>
      }
    >
      <div className="grid gap-x-10 gap-y-7 py-2 md:grid-cols-2 lg:grid-cols-6 lg:*:col-span-2 lg:*:nth-[n+4]:col-span-3">
        <Chart {...common} times={flow.times} title="Requests" about={<Now text={formatRate(trend(flow.rate).now ?? 0)} change={compared(flow.rate)} />} lines={[{ name: 'requests', values: flow.rate, tone: 'accent' }]} format={formatCount} floor={1} />
        <Chart {...common} times={flow.times} title="Failed requests" about={<Now text={formatShare(trend(flow.errorShare).now ?? 0)} change={null} />} lines={[{ name: 'errors', values: flow.errorShare, tone: 'red-mark' }]} format={formatShare} floor={0.01} />
        <Chart
          {...common}
          times={flow.times}
          title="Latency"
          about={<Now text={formatLatency(trend(flow.p99).now)} change={compared(flow.p99)} />}
          lines={[
            { name: 'p99', values: flow.p99, tone: 'accent' },
            { name: 'p50', values: flow.p50, tone: 'ink-soft' },
          ]}
          format={formatLatency}
          floor={10}
        />
        <Chart {...common} times={cpu.times} title={`CPU by ${each}`} about={<Now text={`${sumOfNewest(cpu.lines).toFixed(2)} cores`} change={null} />} lines={toned(cpu.lines)} format={(value) => value.toFixed(2)} floor={0.1} />
        <Chart {...common} times={memory.times} title={`Memory by ${each}`} about={<Now text={formatSize(sumOfNewest(memory.lines))} change={null} />} lines={toned(memory.lines)} format={(value) => (value === 0 ? '0' : formatSize(value).replace('.0 ', ' '))} floor={1e6} bytes />
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
