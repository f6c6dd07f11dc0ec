import type { FieldFault } from '#base/errors.ts'
import { Select } from '../components/field.tsx'
import type { Known } from '../lib/log-search.ts'
import type { LogFilter } from '../paths.ts'
import { levels, streams } from './log-query.ts'
import { SearchField } from './search-field.tsx'

/** What the lines on the page can tell the search field, and what is wrong with the search. */
export type SearchHelp = { known: () => Known; fault: FieldFault | null }

type Props = {
  filter: LogFilter
  onFilter: (change: Partial<LogFilter>) => void
  /** Apps to choose from, as `name` or `name/environment`; null where the page is of one app. */
  apps: readonly string[] | null
  services: readonly string[]
  instances: readonly string[]
} & SearchHelp

/** What is asked for stands in the address; changing it leaves a line that was linked to. */
export function LogFilters({ filter, onFilter, apps, services, instances, known, fault }: Props) {
  const set = (change: Partial<LogFilter>) => onFilter({ line: undefined, at: undefined, ...change })
  const app = filter.app === undefined ? '' : filter.env === undefined || filter.env === 'production' ? filter.app : `${filter.app}/${filter.env}`
  // what is silent just now can be searched for too
  const knownHere = () => {
    const seen = known()
    const named = [['app', (apps ?? []).map((one) => one.split('/')[0] as string)], ['service', services], ['instance', instances]] as const
    return new Map([...seen, ...named.map(([name, all]): [string, string[]] => [name, [...new Set([...(seen.get(name) ?? []), ...all])]])])
  }
  return (
    <div role="search" aria-label="Logs" className="flex flex-wrap gap-2">
      <SearchField label="Search" value={filter.q} onChange={(q) => set({ q })} known={knownHere} fault={fault} />
      {apps === null ? null : (
        <Select
          label="App"
          hideLabel
          className="max-sm:min-w-[45%] max-sm:flex-1"
          value={app}
          onChange={(event) => {
            const [name, env] = event.target.value.split('/')
            set({ app: name === '' ? undefined : name, env, service: undefined, instance: undefined })
          }}
        >
          <option value="">all apps</option>
          {apps.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </Select>
      )}
      {services.length === 0 ? null : <Pick label="Service" all="all services" value={filter.service} options={services} onChange={(service) => set({ service, instance: undefined })} />}
      {instances.length === 0 ? null : <Pick label="Instance" all="all instances" value={filter.instance} options={instances} onChange={(instance) => set({ instance })} />}
      <Pick label="Kind" all="all but requests" value={filter.streams} options={Object.keys(streams)} text={(one) => streams[one] ?? one} onChange={(chosen) => set({ streams: chosen })} />
      <Pick label="Level" all="every level" value={filter.level} options={levels} text={(level) => (level === 'error' ? 'errors' : `${level} and worse`)} onChange={(level) => set({ level })} />
    </div>
  )
}

function Pick({ label, all, value, options, onChange, text = (one) => one }: { label: string; all: string; value: string | undefined; options: readonly string[]; onChange: (value: string | undefined) => void; text?: (one: string) => string }) {
  return (
    <Select label={label} hideLabel className="max-sm:min-w-[45%] max-sm:flex-1" value={value ?? ''} onChange={(event) => onChange(event.target.value === '' ? undefined : event.target.value)}>
      <option value="">{all}</option>
      {(value === undefined || options.includes(value) ? options : [value, ...options]).map((one) => (
        <option key={one} value={one}>
          {text(one)}
        </option>
      ))}
    </Select>
  )
}
