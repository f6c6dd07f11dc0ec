import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import type { RemediationDetail } from '#contract/healing.ts'
import { TextLink } from '../components/a.tsx'
import { Ago, ClockTime, Lasting } from '../components/ago.tsx'
import { Answer } from '../components/answer.tsx'
import { Ledger } from '../components/ledger.tsx'
import { LinesWell } from '../components/lines-well.tsx'
import { Page, Section } from '../components/page.tsx'
import { Skeleton } from '../components/skeleton.tsx'
import { queries } from '../data/queries.ts'
import { Decide } from '../healing/decide.tsx'
import { Place } from '../healing/place.tsx'
import { Timeline } from '../healing/timeline.tsx'
import { TrafficAround } from '../healing/traffic-around.tsx'
import { capital, stateWords, titleOf } from '../lib/remediation-words.ts'
import { longDate } from '../lib/times.ts'
import { paths } from '../paths.ts'
import { EventEntry } from './event-entry.tsx'

const route = getRouteApi('/signed-in/healing/$id')

/** One remediation with its evidence: what was noticed and done, what callers saw, what was said and changed around it. */
export function RemediationPage() {
  const { id } = route.useParams()
  const query = useQuery(queries.remediation(id))
  const one = query.data
  return (
    <Page title={one === undefined ? 'Remediation' : titleOf(one)} lead={one === undefined ? undefined : <Lead one={one} />} actions={one?.state === 'suggested' ? <Decide one={one} /> : undefined}>
      <Answer query={query} loading={<Skeleton rows={6} height={48} />} title="This remediation could not be read">
        {(detail) => <Evidence one={detail} />}
      </Answer>
    </Page>
  )
}

function Lead({ one }: { one: RemediationDetail }) {
  const env = one.environment ?? undefined
  return (
    <>
      <p>
        {capital(stateWords[one.state])}
        {one.endedAt === null ? ' for ' : ' after '}
        <Lasting from={one.signal.since} to={one.endedAt} />. Noticed <Ago at={one.signal.since} />, by the rule <code>{one.rule}</code>.
      </p>
      <p className="mt-1 flex flex-wrap items-baseline gap-x-4 text-sm">
        <Place of={one} />
        {one.app === null ? null : (
          <>
            {one.service === null || one.endedAt !== null ? null : <TextLink href={paths.why(one.app, one.service, env)}>why it is so now</TextLink>}
            {one.service === null ? null : <TextLink href={paths.appLogs(one.app, env, { service: one.service })}>logs</TextLink>}
            {one.cause.release === null ? null : <TextLink href={paths.app(one.app, env, 'releases')}>suspected: v{one.cause.release}</TextLink>}
            <TextLink href={paths.app(one.app, env, 'healing')}>all healing of {one.app}</TextLink>
          </>
        )}
        {one.machine === null || one.app === null ? null : <TextLink href={paths.machines()}>on {one.machine}</TextLink>}
      </p>
    </>
  )
}

function Evidence({ one }: { one: RemediationDetail }) {
  return (
    <>
      <Section title="What happened" aside={longDate(one.signal.since)}>
        <Timeline one={one} />
      </Section>
      {one.app === null ? null : (
        <Section title="What callers saw">
          {one.traffic.length < 2 ? <p className="py-3 text-soft">Nobody called it in this time.</p> : <TrafficAround one={one} />}
        </Section>
      )}
      {one.lines.length === 0 && one.app === null ? null : (
        <Section title="What was said near it">
          {one.lines.length === 0 ? <p className="py-3 text-soft">It said nothing.</p> : <LinesWell lines={one.lines} label="Log lines near it" />}
        </Section>
      )}
      <Section title="In the journal" aside={<TextLink href={paths.journal(one.app === null ? {} : { app: one.app })}>All of it</TextLink>}>
        {one.events.length === 0 ? (
          <p className="py-3 text-soft">Nothing else happened around it.</p>
        ) : (
          <Ledger label="Events around it">
            {one.events.map((event) => (
              <EventEntry key={event.id} event={event} when={<ClockTime at={event.at} />} marked={event.id === one.cause.event} linked={false} />
            ))}
          </Ledger>
        )}
      </Section>
    </>
  )
}
