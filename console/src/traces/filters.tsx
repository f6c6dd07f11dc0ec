import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { Check, Input, Select } from '../components/field.tsx'
import type { TraceFilter } from '../paths.ts'

const slower = ['10', '100', '500', '1000', '5000'] as const

/** What is looked for stands in the address. */
export function TraceFilters({ filter, apps, services }: { filter: TraceFilter; apps: readonly string[]; services: readonly string[] }) {
  const navigate = useNavigate({ from: '/traces' })
  const [operation, setOperation] = useState(filter.operation ?? '')
  const set = (change: TraceFilter) => void navigate({ search: { ...filter, ...change } as Record<string, string>, replace: true })
  return (
    <form
      role="search"
      className="mb-5 flex flex-wrap items-end gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        set({ operation })
      }}
    >
      <Select label="App" value={filter.app ?? ''} onChange={(event) => set({ app: event.target.value, service: '' })}>
        <option value="">all</option>
        {apps.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </Select>
      <Select label="Service" value={filter.service ?? ''} onChange={(event) => set({ service: event.target.value })}>
        <option value="">any</option>
        {services.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </Select>
      <Select label="Took at least" value={filter.slower ?? ''} onChange={(event) => set({ slower: event.target.value })}>
        <option value="">any time</option>
        {slower.map((ms) => (
          <option key={ms} value={ms}>
            {Number(ms) < 1000 ? `${ms} ms` : `${Number(ms) / 1000} s`}
          </option>
        ))}
      </Select>
      <Select label="Since" value={filter.since ?? '1'} onChange={(event) => set({ since: event.target.value === '1' ? '' : event.target.value })}>
        <option value="1">1 h ago</option>
        <option value="6">6 h ago</option>
        <option value="24">1 d ago</option>
        <option value="72">3 d ago</option>
      </Select>
      <Input label="Operation" value={operation} onChange={(event) => setOperation(event.target.value)} onBlur={() => operation === (filter.operation ?? '') || set({ operation })} placeholder="POST /checkout" className="w-52 max-sm:w-full" />
      <div className="pb-2">
        <Check label="Failed only" checked={filter.errors === 'yes'} onChange={(checked) => set({ errors: checked ? 'yes' : '' })} />
      </div>
    </form>
  )
}
