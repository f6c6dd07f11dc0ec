import { useState } from 'react'
import type { Slo } from '#contract/alerting.ts'
import { sloSpecOf } from '#contract/slo-spec.ts'
import { ButtonLink } from '../components/button.tsx'
import { Check, Input } from '../components/field.tsx'
import { Section } from '../components/page.tsx'
import { TryFirst } from '../components/try-first.tsx'
import { type SloPlace, inPlace } from '../data/queries.ts'
import { useAction } from '../data/use-action.ts'
import { emptySlo, sloOf, sloText } from '../lib/slo-edit.ts'
import { paths } from '../paths.ts'
import { SloPreview } from './slo-preview.tsx'

/** The objectives of a place, and how the last day would have done. `place` null: none is chosen yet. */
export function SloForm({ place, slo, whyNot, onSaved }: { place: SloPlace | null; slo: Slo | undefined; whyNot: string | null; onSaved: () => void }) {
  const [text, setText] = useState(() => (slo === undefined ? emptySlo : sloText(sloSpecOf(slo))))
  const written = sloOf(text)
  const missing = place === null ? 'choose an app' : written.missing
  const save = useAction('slos.put', { done: 'The SLO is saved.', touches: ['slos', 'alerts'], quiet: true, onDone: onSaved })
  const blocked = whyNot ?? missing
  const set = (name: 'availability' | 'p99' | 'window') => (event: { target: { value: string } }) => setText({ ...text, [name]: event.target.value })
  return (
    <form
      aria-label="SLO"
      className="grid gap-x-10 lg:grid-cols-[minmax(0,1fr)_minmax(0,460px)] lg:grid-rows-[auto_1fr]"
      onSubmit={(event) => {
        event.preventDefault()
        if (blocked === null && place !== null && written.spec !== null) save.mutate({ ...inPlace(place), body: written.spec })
      }}
    >
      <div className="min-w-0">
        <Section title="Objectives">
          <div className="grid items-start gap-4 sm:grid-cols-2">
            <Input label="Share of requests that succeed" value={text.availability} onChange={set('availability')} placeholder="no objective" hint="Answered, and not with 5xx. Empty: no objective." />
            <Input label="99 of 100 answers come within" value={text.p99} onChange={set('p99')} placeholder="no objective" hint="Such as 500ms. Empty: no objective." />
            <Input label="Counted over the last" value={text.window} onChange={set('window')} placeholder="30d" hint="From 7d to 90d. What may be bad in it is the error budget." />
          </div>
          <div className="mt-4">
            <Check label="Alert while the error budget burns too fast" hint="Without, it is counted and shown as ever, and nobody is told." checked={text.alerts} onChange={(alerts) => setText({ ...text, alerts })} />
          </div>
        </Section>
      </div>
      <div className="min-w-0 lg:col-start-2 lg:row-span-2 lg:row-start-1">
        <div className="lg:sticky lg:top-6">
          <SloPreview place={place} spec={written.spec} missing={missing} />
        </div>
      </div>
      <div className="min-w-0">
        <TryFirst error={save.error} action="Save the SLO" saving={save.isPending} whyNot={blocked}>
          <ButtonLink href={paths.alerts()}>Cancel</ButtonLink>
        </TryFirst>
      </div>
    </form>
  )
}
