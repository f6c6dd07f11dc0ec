import { useQuery } from '@tanstack/react-query'
import type { Tonight } from '#contract/model.ts'
import { TextLink } from '../components/a.tsx'
import { MarginTime } from '../components/ago.tsx'
import { FoldedList } from '../components/folded-list.tsx'
import { HealthMark } from '../components/health.tsx'
import { Entry, Ledger } from '../components/ledger.tsx'
import { Section } from '../components/page.tsx'
import { Problem } from '../components/problem.tsx'
import { Tag } from '../components/tag.tsx'
import { queries } from '../data/queries.ts'
import { type Need, namesItself, needsOf } from '../lib/needs-person.ts'
import { paths } from '../paths.ts'

/** What healing could not do, and what the night report `listed` beside it; nothing when nobody is needed. */
export function NeedsPerson({ listed = [] }: { listed?: Tonight['needsPerson'] }) {
  const alerts = useQuery(queries.alerts())
  const needs = needsOf(listed, alerts.data ?? [])
  const isUnread = alerts.data === undefined && alerts.isError
  if (needs.length === 0 && !isUnread) return null
  return (
    <Section title="Needs a person">
      {isUnread ? <Problem error={alerts.error} retry={() => void alerts.refetch()} title="The alerts could not be read" /> : null}
      {needs.length === 0 ? null : <Needs needs={needs} />}
    </Section>
  )
}

const Needs = ({ needs }: { needs: readonly Need[] }) => (
  <FoldedList items={needs} most={10} others={(rest) => `${rest.length} more`}>
    {(shown) => (
      <Ledger label="Needs a person">
        {shown.map((need) => (
          <One key={need.key} need={need} />
        ))}
      </Ledger>
    )}
  </FoldedList>
)

const One = ({ need }: { need: Need }) => (
  <Entry when={<MarginTime at={need.at} />}>
    <div className="flex items-baseline gap-2.5">
      <span className="self-start pt-1">
        <HealthMark health={need.isCritical ? 'down' : 'degraded'} />
      </span>
      <div className="min-w-0 max-w-[80ch]">
        <TextLink href={need.place.href} className="font-medium">
          {namesItself(need) ? need.title : need.place.name}
        </TextLink>
        {need.place.environment === null ? null : (
          <>
            {' '}
            <Tag>{need.place.environment}</Tag>
          </>
        )}
        {namesItself(need) ? null : `: ${need.title}`}
        {need.isCritical ? null : <span className="text-sm text-amber"> warning</span>}
        {need.because === null ? null : <p>{need.because}</p>}
        <p className="text-soft">Way out: {need.wayOut}</p>
        {need.also.length === 0 ? null : <p className="text-sm text-soft">Also: {need.also.join('; ')}</p>}
        {need.remediation === null ? null : (
          <p className="text-sm">
            <TextLink href={paths.remediation(need.remediation)}>
              What healing did<span className="sr-only"> about {need.place.name}</span>
            </TextLink>
          </p>
        )}
      </div>
    </div>
  </Entry>
)
