import { useQuery } from '@tanstack/react-query'
import { Section } from '../../components/page.tsx'
import { queries } from '../../data/queries.ts'
import { ChangeList } from '../../healing/change-list.tsx'
import { OpenRemediation } from '../../healing/open-remediation.tsx'
import { PastList } from '../../healing/past-list.tsx'
import { inOrder } from '../../lib/remediation-words.ts'
import { useApp } from './use-app.ts'

/** What healing did for this app, and beside it what people and releases changed. */
export function AppHealing() {
  const { ref } = useApp()
  const all = useQuery(queries.openRemediations()).data ?? []
  const open = inOrder(all.filter((one) => one.app === ref.app && one.environment === ref.env))
  return (
    <>
      {open.length === 0 ? null : (
        <Section title="Open">
          <ul className="divide-y divide-rule">
            {open.map((one) => (
              <OpenRemediation key={one.id} one={one} />
            ))}
          </ul>
        </Section>
      )}
      <div className="grid gap-x-12 lg:grid-cols-[minmax(0,1.25fr)_minmax(0,1fr)]">
        <Section title="Healed">
          <PastList of={ref} stacked empty={<p className="py-3 text-soft">Nothing had to be healed here yet.</p>} />
        </Section>
        <Section title="What changed" aside="the first suspects">
          <ChangeList of={ref} />
        </Section>
      </div>
    </>
  )
}
