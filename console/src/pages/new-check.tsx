import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { KindView, NewCheck, TestCheck } from '#contract/checks.ts'
import { CheckField } from '../checks/check-field.tsx'
import { Outcome } from '../checks/outcome.tsx'
import { Answer } from '../components/answer.tsx'
import { Input, Select } from '../components/field.tsx'
import { Page, Section } from '../components/page.tsx'
import { TryFirst } from '../components/try-first.tsx'
import { queries } from '../data/queries.ts'
import { useAction } from '../data/use-action.ts'
import { configOf, fieldsOf } from '../lib/check-words.ts'
import { paths } from '../paths.ts'

/** A form drawn from the kind's schema; it is tried before it is made. */
export function NewCheckPage() {
  const kinds = useQuery(queries.checkKinds())
  const [chosen, setChosen] = useState('http')
  return (
    <Page title="New check" lead="Try it before you make it: a check that is wrong from the start wakes people for nothing.">
      <Answer query={kinds} title="The kinds of checks could not be read">
        {(list) => (
          <>
            <Select label="Kind" className="mb-6 max-w-100" value={chosen} onChange={(event) => setChosen(event.target.value)}>
              {list.map((kind) => (
                <option key={kind.kind} value={kind.kind}>
                  {kind.title}
                </option>
              ))}
            </Select>
            <Form key={chosen} kind={list.find((kind) => kind.kind === chosen) as KindView} />
          </>
        )}
      </Answer>
    </Page>
  )
}

type Common = { name: string; every: string; retries: string; from: string; app: string; criteria: string }
const empty: Common = { name: '', every: '30s', retries: '2', from: '', app: '', criteria: '' }

function Form({ kind }: { kind: KindView }) {
  const navigate = useNavigate()
  const apps = useQuery(queries.apps())
  const [typed, setTyped] = useState<Record<string, string>>({})
  const [common, setCommon] = useState(empty)
  const fields = fieldsOf(kind)
  const test = useAction('checks.test', { touches: [], quiet: true })
  const create = useAction('checks.create', { done: (made) => `${made.name} is made.`, touches: ['checks'], quiet: true, onDone: (made) => void navigate({ href: paths.check(made.id) }) })
  const set = (name: keyof Common) => (event: { target: { value: string } }) => setCommon({ ...common, [name]: event.target.value })
  const body = () => ({
    kind: kind.kind, config: configOf(fields, typed), every: common.every, criteria: common.criteria.split(',').map((text) => text.trim()).filter((text) => text !== ''),
    ...(common.from === '' ? {} : { from: [common.from] }), ...(common.app === '' ? {} : { app: common.app }),
  })
  const name = common.name || typed[kind.main] || kind.kind
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        create.mutate({ body: { ...body(), name, retries: Number(common.retries) } as NewCheck })
      }}
    >
      <Section title={kind.title} aside={kind.about}>
        <div className="grid gap-5 md:grid-cols-2">
          {fields.map((field) => (
            <CheckField key={field.name} field={field} value={typed[field.name] ?? ''} onChange={(value) => setTyped({ ...typed, [field.name]: value })} />
          ))}
        </div>
      </Section>
      <Section title="When, and from where">
        <div className="grid gap-5 md:grid-cols-2">
          <Input label="name" value={common.name} onChange={set('name')} placeholder={typed[kind.main] ?? ''} maxLength={80} />
          <Input label="every" value={common.every} onChange={set('every')} hint={kind.kind === 'heartbeat' ? 'Time between two pings.' : 'Time between two runs, from 1s.'} />
          {kind.kind === 'heartbeat' ? null : <Input label="retries" type="number" min={0} max={20} value={common.retries} onChange={set('retries')} hint="Failed runs in a row that do not count as down yet." />}
          {kind.controlOnly ? null : <Input label="from" value={common.from} onChange={set('from')} placeholder={kind.machineOnly ? 'near' : 'control'} hint="control (outside), near, or machine:<name>." />}
          <Select label="app" value={common.app} onChange={set('app')}>
            <option value="">of no app</option>
            {[...new Set((apps.data ?? []).map((app) => app.name))].map((app) => (
              <option key={app}>{app}</option>
            ))}
          </Select>
          <Input label="criteria" value={common.criteria} onChange={set('criteria')} placeholder="rt GT 500 warn" hint="What metrics mean, comma-separated." />
        </div>
      </Section>
      <TryFirst
        outcome={test.data === undefined ? null : <Outcome result={test.data} />} tryError={test.error} onTry={kind.kind === 'heartbeat' ? undefined : () => test.mutate({ body: body() as TestCheck })} trying={test.isPending}
        error={create.error} action="Make the check" saving={create.isPending}
      />
    </form>
  )
}
