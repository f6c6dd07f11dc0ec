import { useQuery } from '@tanstack/react-query'
import { Section } from '../../components/page.tsx'
import { Problem } from '../../components/problem.tsx'
import { type AppRef, queries } from '../../data/queries.ts'
import { ChangeList } from '../../healing/change-list.tsx'
import { OpenList } from '../../healing/open-list.tsx'
import { PastList } from '../../healing/past-list.tsx'
import { useApp } from './use-app.ts'

/** What healing did for this app, and beside it what people and releases changed. */
export function AppHealing() {
  const { ref } = useApp()
  return (
    <>
      <OpenHere of={ref} />
      <div className="grid gap-x-12 lg:grid-cols-[minmax(0,1.25fr)_minmax(0,1fr)]">
        <Section title="Past">
          <PastList of={ref} stacked empty={<p className="py-3 text-soft">Nothing had to be healed here yet.</p>} />
        </Section>
        <Section title="What changed" aside="the first suspects">
          <ChangeList of={ref} />
        </Section>
      </div>
    </>
  )
}

function OpenHere({ of }: { of: AppRef }) {
  const open = useQuery(queries.openRemediations())
  const here = open.data?.filter((one) => one.app === of.app && one.environment === of.env)
  if (open.isError && here === undefined) return <Problem error={open.error} retry={() => void open.refetch()} title="What is open could not be read" />
  if (here === undefined || here.length === 0) return null
  return (
    <Section title="Open">
      <OpenList list={here} />
    </Section>
  )
}
