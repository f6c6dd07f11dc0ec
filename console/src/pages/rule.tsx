import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Rule } from '#contract/alerting.ts'
import { DeclaredRule } from '../alerts/declared-rule.tsx'
import { RuleForm } from '../alerts/rule-form.tsx'
import { RuleSwitch, ruleState } from '../alerts/rule-switch.tsx'
import { Answer } from '../components/answer.tsx'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { Empty } from '../components/empty.tsx'
import { Page } from '../components/page.tsx'
import { Skeleton } from '../components/skeleton.tsx'
import { Tag } from '../components/tag.tsx'
import { queries } from '../data/queries.ts'
import { useAction } from '../data/use-action.ts'
import { useMayNot } from '../data/use-session.ts'
import { emptyRule, measureFrom, textOf } from '../lib/rule-edit.ts'
import { declaredPlace } from '../lib/rule-target.ts'
import { paths } from '../paths.ts'

const route = getRouteApi('/signed-in/alerts/rules/$rule')
const newRoute = getRouteApi('/signed-in/alerts/new-rule')

/** A rule is tried as it is typed: one that is wrong from the start wakes people for nothing. */
export function NewRulePage() {
  const rules = useQuery(queries.rules())
  const names = useQuery(queries.metricNames())
  const whyNot = useMayNot()
  const navigate = useNavigate()
  const start = { ...emptyRule, measure: measureFrom(newRoute.useSearch()) }
  return (
    <Page title="New rule" lead="It looks every half minute, and alerts while what you say here holds.">
      <Answer query={names} title="The metrics could not be read" loading={<Skeleton rows={6} height={48} />}>
        {(known) => (
          <Answer query={rules} title="The rules could not be read" loading={<Skeleton rows={6} height={48} />}>
            {(list) => <RuleForm start={start} names={known} taken={list.map(({ id }) => id)} whyNot={whyNot} onSaved={() => void navigate({ href: paths.alerts() })} />}
          </Answer>
        )}
      </Answer>
    </Page>
  )
}

export function RulePage() {
  const { rule: id } = route.useParams()
  const rules = useQuery(queries.rules())
  const names = useQuery(queries.metricNames())
  const whyNot = useMayNot()
  const navigate = useNavigate()
  const found = rules.data?.find((one) => one.id === id)
  return (
    <Page title={found?.title ?? 'Rule'} lead={found === undefined ? undefined : <Lead rule={found} />} actions={found === undefined ? undefined : <Actions rule={found} whyNot={whyNot} />}>
      <Answer query={rules} title="The rules could not be read" loading={<Skeleton rows={6} height={48} />}>
        {() =>
          found === undefined ? (
            <Empty title="There is no such rule.">It may have been removed, or is of an app that this session may not see.</Empty>
          ) : found.origin === 'manifest' ? (
            <DeclaredRule rule={found} />
          ) : (
            <Answer query={names} title="The metrics could not be read" loading={<Skeleton rows={6} height={48} />}>
              {(known) => <RuleForm key={`${found.id} ${found.origin}`} rule={found} start={textOf(found)} names={known} taken={[]} whyNot={whyNot} onSaved={() => void navigate({ href: paths.alerts() })} />}
            </Answer>
          )
        }
      </Answer>
    </Page>
  )
}

function Lead({ rule }: { rule: Rule }) {
  return (
    <>
      <p className="flex flex-wrap items-baseline gap-x-3">
        <span className={ruleState(rule).tone}>{ruleState(rule).text}</span>
        <Tag>{rule.id}</Tag>
        {rule.origin === 'manifest' ? null : <span className="min-w-0 break-words">{rule.about}</span>}
      </p>
      <p className="mt-1 text-sm">{whereFrom(rule)}</p>
    </>
  )
}

/** Where it is kept, and so where it is changed. */
function whereFrom({ id, origin, replaces, source }: Rule): string {
  if (source !== null) return `Imported from ${source}: change it there and import it again. What is changed here lasts until then.`
  if (origin === 'manifest') return `It comes from the manifest of ${declaredPlace(id).app}, and is changed there. It can be switched off here.`
  if (origin === 'default') return 'It comes with Nightshift. What you save here stands in its place, and can be taken away again.'
  return replaces ? 'It is yours, in place of the one that comes with Nightshift.' : 'It was made by people, and is changed here or with nightshift rules add.'
}

function Actions({ rule, whyNot }: { rule: Rule; whyNot: string | null }) {
  const [asking, setAsking] = useState(false)
  const navigate = useNavigate()
  const remove = useAction('rules.remove', { done: rule.replaces ? 'The rule that comes with Nightshift is back.' : `The rule ${rule.title} is gone.`, touches: ['rules', 'alerts'], onDone: () => void navigate({ href: paths.alerts() }) })
  const action = rule.replaces ? 'Put the original back' : 'Remove'
  return (
    <>
      <RuleSwitch rule={rule} times />
      {rule.origin === 'manifest' ? null : (
        <Button tone="danger" whyNot={whyNot ?? (rule.origin === 'default' ? 'it comes with Nightshift: switch it off' : null)} onClick={() => setAsking(true)}>
          {action}
        </Button>
      )}
      <Confirm
        open={asking} onOpenChange={setAsking} title={`${rule.replaces ? 'Put back the original of' : 'Remove'} ${rule.title}?`} touches={[rule.replaces ? 'what was changed in the rule' : 'the rule, for everybody', 'its alerts: they are over']} leaves={['the metric it looks at']}
        action={action} tone="danger" busy={remove.isPending} onConfirm={() => remove.mutate({ params: { rule: rule.id } })}
      />
    </>
  )
}
