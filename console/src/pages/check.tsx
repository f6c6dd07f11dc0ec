import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { CheckDetail } from '#contract/checks.ts'
import { CheckConfig, CheckPing, CheckVantages } from '../checks/check-facts.tsx'
import { CheckPast } from '../checks/check-past.tsx'
import { PlanWindow } from '../checks/plan-window.tsx'
import { WindowList } from '../checks/window-list.tsx'
import { Lasting } from '../components/ago.tsx'
import { Answer } from '../components/answer.tsx'
import { Button, ButtonLink } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { HealthMark } from '../components/health.tsx'
import { Page, Section } from '../components/page.tsx'
import { Skeleton } from '../components/skeleton.tsx'
import { Tag } from '../components/tag.tsx'
import { queries } from '../data/queries.ts'
import { useAction } from '../data/use-action.ts'
import { stateHealth, stateText } from '../lib/check-words.ts'
import { paths } from '../paths.ts'

const route = getRouteApi('/signed-in/checks/$check')

export function CheckPage() {
  const { check } = route.useParams()
  const query = useQuery(queries.check(check))
  const one = query.data
  return (
    <Page title={one?.name ?? 'Check'} lead={one === undefined ? undefined : <Lead check={one} />} actions={one === undefined ? undefined : <Actions check={one} />}>
      <Answer query={query} loading={<Skeleton rows={6} height={48} />} title="This check could not be read">
        {(detail) => (
          <>
            <CheckPast check={detail} />
            {detail.ping === null ? null : (
              <Section title="How the job tells it">
                <CheckPing ping={detail.ping} dueAt={detail.dueAt} />
              </Section>
            )}
            {detail.vantages.length === 0 ? null : (
              <Section title="Vantage points">
                <CheckVantages check={detail} />
              </Section>
            )}
            <Section title="What it is asked" aside={detail.declared ? 'stands in the manifest, and is changed there' : undefined}>
              <CheckConfig check={detail} />
            </Section>
            <Section title="Maintenance" aside={<PlanWindow of={detail} />}>
              <WindowList of={detail} />
            </Section>
          </>
        )}
      </Answer>
    </Page>
  )
}

function Lead({ check }: { check: CheckDetail }) {
  return (
    <p className="flex flex-wrap items-baseline gap-x-3">
      <span className={`inline-flex items-center gap-2 ${stateText[check.state]}`}>
        <HealthMark health={stateHealth[check.state]} />
        {check.state} for <Lasting from={check.since} to={null} />
      </span>
      <Tag>{check.kind}</Tag>
      <span className="min-w-0 break-words">{check.because}</span>
    </p>
  )
}

function Actions({ check }: { check: CheckDetail }) {
  const [asking, setAsking] = useState(false)
  const navigate = useNavigate()
  const manifest = `it stands in the manifest of ${check.app}, and is changed there`
  const touches = ['check', 'checks', 'alerts', 'tonight'] as const
  const pause = useAction('checks.pause', { done: `${check.name} is paused.`, touches })
  const resume = useAction('checks.resume', { done: `${check.name} runs again.`, touches })
  const remove = useAction('checks.delete', { done: `${check.name} is gone.`, touches: ['checks', 'alerts'], onDone: () => void navigate({ href: paths.checks() }) })
  return (
    <>
      {check.declared ? (
        <Button whyNot={manifest} onClick={() => {}}>
          Change
        </Button>
      ) : (
        <ButtonLink href={paths.editCheck(check.id)}>Change</ButtonLink>
      )}
      {check.pausedBy === null ? (
        <Button busy={pause.isPending} onClick={() => pause.mutate({ params: { check: check.id } })}>
          Pause
        </Button>
      ) : (
        <Button busy={resume.isPending} onClick={() => resume.mutate({ params: { check: check.id } })}>
          Resume
        </Button>
      )}
      <Button tone="danger" whyNot={check.declared ? manifest : null} onClick={() => setAsking(true)}>
        Remove
      </Button>
      <Confirm open={asking} onOpenChange={setAsking} title={`Remove ${check.name}?`} touches={['the check and its history', 'its alert, if one is open']} leaves={['what it looks at']} action="Remove" tone="danger" busy={remove.isPending} onConfirm={() => remove.mutate({ params: { check: check.id } })} />
    </>
  )
}
