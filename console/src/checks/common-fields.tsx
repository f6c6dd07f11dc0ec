import { useQuery } from '@tanstack/react-query'
import type { Check, KindView } from '#contract/checks.ts'
import { Input, Select } from '../components/field.tsx'
import { Section } from '../components/page.tsx'
import { queries } from '../data/queries.ts'
import type { Common, Draft } from '../lib/check-draft.ts'

type Props = { kind: KindView; draft: Draft; isNew: boolean; checks: readonly Pick<Check, 'name'>[]; /** What is wrong with one of them. */ faultOf: (name: keyof Common) => string | undefined; onChange: (common: Partial<Common>) => void }

/** What all kinds share: name, rhythm, vantage points, and what its failure means. */
export function CommonFields({ kind, draft, isNew, checks, faultOf, onChange }: Props) {
  const { common, typed } = draft
  const isBeat = kind.kind === 'heartbeat'
  const set = (name: keyof Common) => ({ label: name, value: common[name], fault: faultOf(name), onChange: (event: { target: { value: string } }) => onChange({ [name]: event.target.value }) })
  return (
    <>
      <Section title="When, and from where">
        <div className="grid gap-5 md:grid-cols-2">
          <Input {...set('name')} placeholder={typed[kind.main] ?? ''} maxLength={80} required={!isNew} />
          {isBeat && (typed['schedule'] ?? '') !== '' ? null : <Input {...set('every')} required hint={isBeat ? 'Time between two pings, where there is no schedule.' : 'Time between two runs, from 1s.'} />}
          {isBeat ? null : <Input {...set('retries')} type="number" min={0} max={20} required hint="Failed runs in a row that do not count as down yet." />}
          {isBeat ? null : <Input {...set('timeout')} placeholder="10s" hint="A run without an answer by then has failed." />}
          {kind.controlOnly ? null : <Input {...set('from')} placeholder={kind.machineOnly ? 'near' : 'control'} hint="control (outside), near, machine:<name>; comma-separated." />}
          {kind.controlOnly ? null : <Input {...set('quorum')} type="number" min={1} max={100} placeholder="more than half" hint="Vantage points that must see it down." />}
        </div>
      </Section>
      <Section title="Whose it is, and what it means">
        <div className="grid gap-5 md:grid-cols-2">
          {isNew ? <Place common={common} onChange={onChange} /> : null}
          {common.app === '' ? null : <Input {...set('service')} placeholder="all of the app" hint="The service that it tells of." />}
          <Select label="severity" value={common.severity} onChange={(event) => onChange({ severity: event.target.value })}>
            <option>critical</option>
            <option>warning</option>
          </Select>
          <Input {...set('criteria')} placeholder="rt GT 500 warn" hint="What metrics mean, comma-separated." />
          <Input {...set('needs')} list="known-checks" hint="Names of checks whose failure explains this one, comma-separated." />
          <datalist id="known-checks">
            {checks.map((one, nth) => (
              <option key={nth} value={one.name} />
            ))}
          </datalist>
        </div>
      </Section>
    </>
  )
}

function Place({ common, onChange }: { common: Common; onChange: (common: Partial<Common>) => void }) {
  const apps = useQuery(queries.apps())
  const names = [...new Set((apps.data ?? []).map((app) => app.name))]
  const environments = (apps.data ?? []).filter((app) => app.name === common.app).map((app) => app.environment)
  return (
    <>
      <Select label="app" value={common.app} onChange={(event) => onChange({ app: event.target.value, environment: '', service: '' })}>
        <option value="">of no app</option>
        {names.map((app) => (
          <option key={app}>{app}</option>
        ))}
      </Select>
      {environments.length < 2 ? null : (
        <Select label="environment" value={common.environment || 'production'} onChange={(event) => onChange({ environment: event.target.value })}>
          {environments.map((environment) => (
            <option key={environment}>{environment}</option>
          ))}
        </Select>
      )}
    </>
  )
}
