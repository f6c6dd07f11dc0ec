import { Select } from './field.tsx'

/** Which app a list is of; nothing where there is none to choose. */
export function AppFilter({ names, app, onChange }: { names: readonly string[]; app: string | undefined; onChange: (app: string | undefined) => void }) {
  const apps = [...new Set(names)].sort()
  if (apps.length === 0) return null
  return (
    <Select label="App" hideLabel className="w-auto" value={app ?? ''} onChange={(event) => onChange(event.target.value || undefined)}>
      <option value="">all apps</option>
      {apps.map((name) => (
        <option key={name}>{name}</option>
      ))}
    </Select>
  )
}
