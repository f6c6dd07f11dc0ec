import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Answer } from '../components/answer.tsx'
import { AppFilter } from '../components/app-filter.tsx'
import { Empty } from '../components/empty.tsx'
import { Page, Section } from '../components/page.tsx'
import { Skeleton } from '../components/skeleton.tsx'
import { queries } from '../data/queries.ts'
import { NeedsPerson } from '../healing/needs-person.tsx'
import { OpenList } from '../healing/open-list.tsx'
import { PauseList } from '../healing/pause-list.tsx'
import { PastList } from '../healing/past-list.tsx'
import { RuleList } from '../healing/rule-list.tsx'
import { HealingSentence, HealingSwitch } from '../healing/state.tsx'

const route = getRouteApi('/signed-in/healing')

/** What heals itself: whether it is on, what is sick now, what was healed, and what it may do. */
export function Healing() {
  const filter = route.useSearch()
  const navigate = useNavigate({ from: '/healing' })
  const choose = (app: string | undefined) => void navigate({ search: { app }, replace: true, resetScroll: false })
  const apps = useQuery(queries.apps())
  const overview = useQuery(queries.healing())
  const open = useQuery(queries.openRemediations())
  return (
    <Page title="Healing" lead={overview.data === undefined ? 'What was noticed, what was done about it, and whether it helped.' : <HealingSentence overview={overview.data} />} actions={overview.data === undefined ? undefined : <HealingSwitch overview={overview.data} />}>
      <NeedsPerson />
      {overview.data === undefined ? null : <PauseList pauses={overview.data.pauses} />}
      <Section title="Open" aside={open.data === undefined || open.data.length === 0 ? undefined : 'what waits for a person stands first'}>
        <Answer query={open} loading={<Skeleton rows={2} height={96} />} title="What is open could not be read">
          {(list) => (list.length === 0 ? <p className="py-3 text-soft">Nothing is sick, and nothing waits.</p> : <OpenList list={list} />)}
        </Answer>
      </Section>
      <Section title="Past" aside={<AppFilter names={(apps.data ?? []).map((one) => one.name)} app={filter.app} onChange={choose} />}>
        <PastList of={filter} empty={<Empty title={filter.app === undefined ? 'Nothing had to be healed yet.' : `Nothing had to be healed in ${filter.app} yet.`}>What is noticed, done and verified is written here, one entry each.</Empty>} />
      </Section>
      <Section title="Rules" aside="what healing may do by itself">
        <Answer query={overview} loading={<Skeleton rows={4} height={72} />} title="The rules could not be read">
          {({ rules }) => <RuleList rules={rules} />}
        </Answer>
      </Section>
    </Page>
  )
}
