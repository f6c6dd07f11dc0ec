import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Slo } from '#contract/alerting.ts'
import type { AppSummary } from '#contract/model.ts'
import { SloForm } from '../alerts/slo-form.tsx'
import { Answer } from '../components/answer.tsx'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { Select } from '../components/field.tsx'
import { Page, Section } from '../components/page.tsx'
import { Skeleton } from '../components/skeleton.tsx'
import { type SloPlace, inPlace, queries } from '../data/queries.ts'
import { useAction } from '../data/use-action.ts'
import { useMayNot } from '../data/use-session.ts'
import { sloName } from '../lib/slo-words.ts'
import { type SloFilter, paths } from '../paths.ts'

const route = getRouteApi('/signed-in/alerts/slo')

/** Which place stands in the address; the SLO it has already is what the form begins with. */
export function SloPage() {
  const filter = route.useSearch()
  const slos = useQuery(queries.slos())
  const apps = useQuery(queries.apps())
  const whyNot = useMayNot()
  const navigate = useNavigate()
  const place: SloPlace | null = filter.app === undefined ? null : { app: filter.app, env: filter.env ?? 'production', service: filter.service }
  const slo = slos.data?.find((one) => one.app === place?.app && one.environment === place.env && (one.service ?? undefined) === place.service)
  return (
    <Page title={slo === undefined ? 'New SLO' : `SLO of ${sloName(slo)}`} lead={slo === undefined ? 'What callers may count on, and how fast what may go wrong is used up.' : whereFrom(slo)} actions={slo?.origin === 'own' && place !== null ? <Remove slo={slo} place={place} whyNot={whyNot} /> : undefined}>
      <Answer query={slos} title="The SLOs could not be read" loading={<Skeleton rows={6} height={48} />}>
        {() => (
          <Answer query={apps} title="The apps could not be read" loading={<Skeleton rows={6} height={48} />}>
            {(list) => (
              <>
                <Section title="Of what">
                  <Where apps={list} filter={filter} />
                </Section>
                <SloForm key={JSON.stringify([place, slo?.origin])} place={place} slo={slo} whyNot={whyNot} onSaved={() => void navigate({ href: paths.alerts() })} />
              </>
            )}
          </Answer>
        )}
      </Answer>
    </Page>
  )
}

function whereFrom({ app, origin, declared }: Slo): string {
  if (origin === 'manifest') return `It stands in nightshift.yml of ${app}, and is changed there. What is saved here stands over it until it is taken away.`
  return declared ? `It was set by people, over what nightshift.yml of ${app} says.` : 'It was set by people.'
}

function Where({ apps, filter }: { apps: readonly AppSummary[]; filter: SloFilter }) {
  const navigate = useNavigate({ from: '/alerts/slo' })
  const go = (search: SloFilter) => void navigate({ search, replace: true, resetScroll: false })
  const names = [...new Set(apps.map(({ name }) => name))].sort()
  const environments = apps.filter(({ name }) => name === filter.app).map(({ environment }) => environment)
  const services = apps.find(({ name, environment }) => name === filter.app && environment === (filter.env ?? 'production'))?.services ?? []
  const production = (env: string) => (env === 'production' ? {} : { env })
  return (
    <div className="grid items-start gap-4 sm:grid-cols-2">
      <Select label="App" value={filter.app ?? ''} onChange={(event) => go(event.target.value === '' ? {} : { app: event.target.value })}>
        <option value="">choose one</option>
        {names.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </Select>
      {environments.length < 2 && filter.env === undefined ? null : (
        <Select label="Environment" value={filter.env ?? 'production'} onChange={(event) => go({ ...(filter.app === undefined ? {} : { app: filter.app }), ...production(event.target.value) })}>
          {[...new Set([...environments, filter.env ?? 'production'])].map((name) => (
            <option key={name}>{name}</option>
          ))}
        </Select>
      )}
      {filter.app === undefined ? null : (
        <Select label="Towards whom" value={filter.service ?? ''} onChange={(event) => go({ app: filter.app as string, ...production(filter.env ?? 'production'), ...(event.target.value === '' ? {} : { service: event.target.value }) })}>
          <option value="">callers from outside: the app as a whole</option>
          {services.map(({ name }) => (
            <option key={name} value={name}>
              all callers of {name}
            </option>
          ))}
        </Select>
      )}
    </div>
  )
}

function Remove({ slo, place, whyNot }: { slo: Slo; place: SloPlace; whyNot: string | null }) {
  const [asking, setAsking] = useState(false)
  const navigate = useNavigate()
  const word = slo.declared ? 'Let nightshift.yml hold again' : 'Remove'
  const remove = useAction('slos.remove', { done: slo.declared ? 'What nightshift.yml says holds again.' : 'The SLO is gone.', touches: ['slos', 'alerts'], onDone: () => void navigate({ href: paths.alerts() }) })
  return (
    <>
      <Button tone="danger" whyNot={whyNot} onClick={() => setAsking(true)}>
        {word}
      </Button>
      <Confirm
        open={asking} onOpenChange={setAsking} title={`Take the SLO of ${sloName(slo)} away?`} touches={['what was set here', 'its alerts: they are over']} leaves={[slo.declared ? 'the SLO of nightshift.yml: it holds again' : 'the app, and what is measured of it']}
        action={word} tone="danger" busy={remove.isPending} onConfirm={() => remove.mutate(inPlace(place))}
      />
    </>
  )
}
