import { TextLink } from '../components/a.tsx'
import { MarginTime } from '../components/ago.tsx'
import { HealthMark } from '../components/health.tsx'
import { Entry, Ledger } from '../components/ledger.tsx'
import { Section } from '../components/page.tsx'
import { Tag } from '../components/tag.tsx'
import { type Need, namesItself } from '../lib/needs-person.ts'
import { paths } from '../paths.ts'

/** What healing could not do: what it is, why, and the way out. Nothing when nobody is needed. */
export function NeedsPerson({ needs }: { needs: readonly Need[] }) {
  if (needs.length === 0) return null
  return (
    <Section title="Needs a person">
      <Ledger label="Needs a person">
        {needs.map((need) => (
          <Entry key={need.key} when={<MarginTime at={need.at} />}>
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
        ))}
      </Ledger>
    </Section>
  )
}
