import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { isAppError } from '#base/errors.ts'
import type { KindView, TestCheck } from '#contract/checks.ts'
import { Section } from '../components/page.tsx'
import { TryFirst } from '../components/try-first.tsx'
import { queries } from '../data/queries.ts'
import { useAction } from '../data/use-action.ts'
import { type Draft, testOf } from '../lib/check-draft.ts'
import { fieldsOf } from '../lib/check-words.ts'
import { CheckField } from './check-field.tsx'
import { CommonFields } from './common-fields.tsx'
import { Outcome } from './outcome.tsx'

/** By the path of the field, without the name of it that the message begins with. */
function faultsOf(error: unknown): ReadonlyMap<string, string> {
  if (!isAppError(error)) return new Map()
  return new Map(error.fields.map(({ path, message }) => {
    const [whole] = /^(config\.)?[^.]+/.exec(path) ?? [path]
    const name = whole.replace('config.', '')
    return [whole, message.startsWith(`${name} `) ? message.slice(name.length + 1) : message]
  }))
}

type Props = {
  kind: KindView
  start: Draft
  /** The check that is changed; null for a new one. */
  changes: { id: string; secrets: readonly string[] } | null
  action: string
  busy: boolean
  error: unknown
  onSave: (draft: Draft) => void
  beside?: ReactNode
}

/** What a kind is asked, drawn from its schema, and what is common to all. It can be tried before it is saved. */
export function CheckForm({ kind, start, changes, action, busy, error, onSave, beside }: Props) {
  const [draft, setDraft] = useState(start)
  /** What was sent last: a field is marked until it is another. */
  const [sent, setSent] = useState<Draft | null>(null)
  /** What was to be saved last: why that failed says nothing of what is tried after it. */
  const [saved, setSaved] = useState<Draft | null>(null)
  const known = useQuery(queries.checks())
  const test = useAction('checks.test', { touches: [], quiet: true })
  const fields = fieldsOf(kind)
  const change = (next: Partial<Draft>) => {
    setDraft({ ...draft, ...next })
    test.reset() // what was seen is not of what stands here now
  }
  const refused = saved === sent ? error : null
  const faults = faultsOf(test.error ?? refused)
  const sealedOf = (name: string) => {
    const others = (draft.cleared ?? []).filter((one) => one !== name)
    // what was typed is not meant any more
    return { cleared: others.length !== (draft.cleared ?? []).length, onClear: (cleared: boolean) => change({ cleared: cleared ? [...others, name] : others, typed: cleared ? { ...draft.typed, [name]: '' } : draft.typed }) }
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (busy) return
        setSent(draft)
        setSaved(draft)
        test.reset() // what it said of an earlier draft
        onSave(draft)
      }}
    >
      <Section title={kind.title} aside={kind.about}>
        <div className="grid gap-5 md:grid-cols-2">
          {fields.map((field) => (
            <CheckField key={field.name} field={field} fault={sent?.typed[field.name] === draft.typed[field.name] ? faults.get(`config.${field.name}`) : undefined} sealed={changes?.secrets.includes(field.name) === true ? sealedOf(field.name) : undefined} value={draft.typed[field.name] ?? ''} onChange={(value) => change({ typed: { ...draft.typed, [field.name]: value } })} />
          ))}
        </div>
      </Section>
      <CommonFields kind={kind} draft={draft} isNew={changes === null} checks={known.data ?? []} faultOf={(name) => (sent?.common[name] === draft.common[name] ? faults.get(name) : undefined)} onChange={(common) => change({ common: { ...draft.common, ...common } })} />
      <TryFirst
        outcome={test.data === undefined ? null : <Outcome result={test.data} />} tryError={test.error} trying={test.isPending}
        onTry={kind.kind === 'heartbeat' ? undefined : () => (setSent(draft), test.mutate({ body: testOf(kind, draft, changes?.id) as TestCheck }))}
        error={refused} action={action} saving={busy}
      >
        {beside}
      </TryFirst>
    </form>
  )
}
