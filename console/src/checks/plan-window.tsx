import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { parseDuration } from '#base/units.ts'
import type { Check } from '#contract/checks.ts'
import { Button } from '../components/button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Choice, Input } from '../components/field.tsx'
import { FormProblem } from '../components/problem.tsx'
import { queries } from '../data/queries.ts'
import { useAction } from '../data/use-action.ts'
import { type Plan, windowOf } from '../lib/window-words.ts'
import { Picker } from './picker.tsx'

const repeats = [{ value: 'once', text: 'once' }, { value: 'daily', text: 'daily' }, { value: 'weekly', text: 'weekly' }] as const

/** Plans maintenance, of one check where it is named. */
export function PlanWindow({ of }: { of?: Pick<Check, 'id' | 'name'> }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button size="sm" onClick={() => setOpen(true)}>
        Plan maintenance
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title={of === undefined ? 'Plan maintenance' : `Maintenance of ${of.name}`} description="While the window is open its checks run on, and alert nobody.">
        {open ? <Form of={of} onDone={() => setOpen(false)} /> : null}
      </Dialog>
    </>
  )
}

function Form({ of, onDone }: { of: Pick<Check, 'id' | 'name'> | undefined; onDone: () => void }) {
  const [plan, setPlan] = useState<Plan>({ title: '', from: '', length: '30m', repeat: 'once', timezone: Intl.DateTimeFormat().resolvedOptions().timeZone, checks: of === undefined ? [] : [of.id], apps: [] })
  const create = useAction('windows.create', { done: (made) => `${made.title} is planned.`, touches: ['windows', 'checks', 'check'], quiet: true, onDone })
  const set = (name: 'title' | 'from' | 'length' | 'timezone') => (event: { target: { value: string } }) => setPlan({ ...plan, [name]: event.target.value })
  const made = windowOf(plan, lengthOf(plan.length), Date.now())
  const whyNot = 'whyNot' in made ? made.whyNot : null
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault()
        const window = windowOf(plan, lengthOf(plan.length), Date.now())
        if ('body' in window && !create.isPending) create.mutate(window)
      }}
    >
      <Input label="What is done" value={plan.title} onChange={set('title')} placeholder="maintenance" maxLength={120} />
      <div className="grid gap-4 sm:grid-cols-2">
        <Input label="Begins" type="datetime-local" value={plan.from} onChange={set('from')} hint="By your clock; empty: now." />
        <Input label="Lasts" value={plan.length} onChange={set('length')} required hint="30m, 2h, 1d" />
      </div>
      <div className="flex flex-wrap items-end gap-4">
        <Choice label="Repeats" value={plan.repeat} options={repeats} onChange={(repeat) => setPlan({ ...plan, repeat })} />
        {plan.repeat === 'once' ? null : <Input label="Time zone whose clock repeats it" value={plan.timezone} onChange={set('timezone')} required className="min-w-0 flex-1" />}
      </div>
      {of === undefined ? <Which plan={plan} onChange={(which) => setPlan({ ...plan, ...which })} /> : null}
      <div aria-live="polite">{whyNot === null ? null : <p className="text-soft">Not yet: {whyNot}.</p>}</div>
      <FormProblem error={create.error} />
      <div className="flex justify-end">
        <Button type="submit" tone="main" busy={create.isPending} whyNot={whyNot} onClick={() => {}}>
          Plan it
        </Button>
      </div>
    </form>
  )
}

function Which({ plan, onChange }: { plan: Plan; onChange: (which: Partial<Plan>) => void }) {
  const checks = useQuery(queries.checks())
  const list = checks.data ?? []
  const apps = [...new Set(list.flatMap(({ app }) => app ?? []))].sort()
  return (
    <>
      {apps.length === 0 ? null : <Picker label="All checks of these apps" options={apps.map((app) => ({ id: app, text: app }))} chosen={plan.apps} onChange={(chosen) => onChange({ apps: chosen })} />}
      <Picker label="These checks" options={list.map(({ id, name, app }) => ({ id, text: name, beside: app ?? undefined }))} chosen={plan.checks} onChange={(chosen) => onChange({ checks: chosen })} />
    </>
  )
}

/** NaN for what is no duration. */
function lengthOf(text: string): number {
  try {
    return parseDuration(text.trim())
  } catch {
    return Number.NaN
  }
}
