import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { RuleImport } from '#contract/alerting.ts'
import { Input, TextArea } from '../components/field.tsx'
import { Page, Section } from '../components/page.tsx'
import { Tag } from '../components/tag.tsx'
import { TryFirst } from '../components/try-first.tsx'
import { useAction } from '../data/use-action.ts'
import { useMayNot } from '../data/use-session.ts'
import { plural } from '../lib/numbers.ts'
import { paths } from '../paths.ts'

/** A rule file of Prometheus, pasted: first it is said what would be taken over and what not, then it is. */
export function ImportRulesPage() {
  const [text, setText] = useState('')
  const [source, setSource] = useState('')
  const mayNot = useMayNot()
  const navigate = useNavigate()
  const body = { text, ...(source.trim() === '' ? {} : { source: source.trim() }) }
  const look = useAction('rules.import', { touches: [], quiet: true })
  const take = useAction('rules.import', { done: (answer) => `${plural(answer.rules.length, 'rule is', 'rules are')} taken over.`, touches: ['rules', 'alerts'], quiet: true, onDone: () => void navigate({ href: paths.alerts() }) })
  const seen = look.data
  const whyNot = mayNot ?? (seen === undefined ? 'look at it first' : seen.rules.length === 0 ? 'nothing of it can be taken over' : null)
  return (
    <Page title="Import rules" lead="Of a rule file of Prometheus is taken what can be asked here; every other rule is named, with the reason.">
      <form
        aria-label="Import rules"
        onSubmit={(event) => {
          event.preventDefault()
          if (whyNot === null) take.mutate({ body: { ...body, save: true } })
        }}
      >
        <TextArea
          label="The file" rows={12} className="max-w-[90ch] [&_textarea]:font-mono" value={text} placeholder={example} hint="As it is: groups, each with rules. Recording rules are left out, since a rule here reads its metrics itself."
          onChange={(event) => {
            setText(event.target.value)
            look.reset()
          }}
        />
        <Input label="What the file is called" className="mt-4 max-w-100" value={source} onChange={(event) => setSource(event.target.value)} maxLength={100} placeholder="shop.rules.yml" hint="Its rules say that they are changed there." />
        <TryFirst
          outcome={seen === undefined ? null : <Taken answer={seen} />} tryError={look.error} tryWord="Look at it" trying={look.isPending} onTry={() => text.trim() !== '' && look.mutate({ body })}
          error={take.error} action={seen === undefined ? 'Take it over' : `Take ${plural(seen.rules.length, 'rule')} over`} saving={take.isPending} whyNot={whyNot}
        />
      </form>
    </Page>
  )
}

const example = `groups:
  - name: shop
    rules:
      - alert: HighErrorRate
        expr: sum by (job) (rate(errors_total[5m])) > 10
        for: 10m`

function Taken({ answer: { rules, skipped } }: { answer: RuleImport }) {
  return (
    <div className="mt-6">
      <Section title="Would be taken over" aside={plural(rules.length, 'rule')}>
        {rules.length === 0 ? <p className="text-soft">Nothing.</p> : null}
        <ul aria-label="Would be taken over" className="divide-y divide-rule">
          {rules.map(({ id, spec, about, replaces }) => (
            <li key={id} className="py-2.5">
              <p>
                {spec.title} <Tag>{id}</Tag> {replaces ? <Tag tone="amber">in place of the rule with this id</Tag> : null}
              </p>
              <p className="max-w-[90ch] text-sm break-words text-soft">{about}</p>
            </li>
          ))}
        </ul>
      </Section>
      {skipped.length === 0 ? null : (
        <Section title="Cannot be" aside={plural(skipped.length, 'rule')}>
          <ul aria-label="Cannot be taken over" className="divide-y divide-rule">
            {skipped.map(({ name, because }, nth) => (
              <li key={nth} className="py-2.5">
                <p className="break-words">{name}</p>
                <p className="max-w-[90ch] text-sm break-words text-soft">{because}</p>
              </li>
            ))}
          </ul>
        </Section>
      )}
    </div>
  )
}
