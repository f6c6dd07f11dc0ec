import type { AppSummary } from '#contract/model.ts'
import type { DashboardName } from '#contract/dashboards.ts'
import { useNavigate } from '@tanstack/react-router'
import { Button } from '../components/button.tsx'
import { Choice, Select } from '../components/field.tsx'
import { type Range, type RangeName, compareOf, compares, ranges } from '../lib/graph-range.ts'
import { shortSpan } from '../lib/times.ts'
import type { GraphsFilter } from '../paths.ts'

export function useGraphsFilter() {
  const navigate = useNavigate({ from: '/graphs' })
  return (change: GraphsFilter) => void navigate({ search: (now) => Object.fromEntries(Object.entries({ ...now, ...change }).filter(([, value]) => value !== undefined && value !== '')), replace: true, resetScroll: false })
}

/** What is looked at stands in the address. */
export function GraphFilters({ filter, range, apps, dashboards, fixedApp }: { filter: GraphsFilter; range: Range; apps: readonly AppSummary[]; dashboards: readonly DashboardName[]; fixedApp: string | null }) {
  const set = useGraphsFilter()
  const names = [...new Set(apps.map(({ name }) => name))].sort()
  const environments = apps.filter(({ name }) => name === filter.app).map(({ environment }) => environment)
  const isMachine = filter.board === 'machine'
  return (
    <div role="search" aria-label="Graphs" className="mb-6 flex flex-wrap items-end gap-3">
      <Select label="Dashboard" value={filter.board ?? 'app'} onChange={(event) => set({ board: event.target.value === 'app' ? undefined : event.target.value, edit: undefined })}>
        <option value="app">App</option>
        <option value="machine">Machine</option>
        {dashboards.map(({ id, title }) => (
          <option key={id} value={id}>
            {title}
          </option>
        ))}
      </Select>
      {isMachine || fixedApp !== null ? null : (
        <Select label="App" value={filter.app ?? ''} onChange={(event) => set({ app: event.target.value, env: undefined })}>
          <option value="">all</option>
          {names.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </Select>
      )}
      {environments.length < 2 ? null : (
        <Select label="Environment" value={filter.env ?? ''} onChange={(event) => set({ env: event.target.value })}>
          <option value="">all</option>
          {environments.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </Select>
      )}
      {filter.board === undefined || filter.board === 'app' ? (
        <Select label="By" value={filter.by ?? 'service'} onChange={(event) => set({ by: event.target.value === 'service' ? undefined : event.target.value })}>
          <option>service</option>
          <option>instance</option>
        </Select>
      ) : null}
      <Select label="Beside" value={compareOf(filter.compare) ?? ''} onChange={(event) => set({ compare: event.target.value })}>
        <option value="">nothing</option>
        {Object.entries(compares).map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </Select>
      <Choice<RangeName | ''> label="Time shown" value={range.name ?? ''} options={ranges.map((value) => ({ value, text: value.replace(/(\d+)/, '$1 ') }))} onChange={(value) => set({ range: value === '1h' ? undefined : value, from: undefined, to: undefined })} />
      {range.until === undefined ? null : (
        <Button onClick={() => set({ from: undefined, to: undefined })}>
          {shortSpan(range.until - range.minutes * 60_000, range.until)}: back to now
        </Button>
      )}
    </div>
  )
}
