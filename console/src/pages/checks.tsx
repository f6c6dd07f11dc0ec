import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import type { CheckRow } from '#contract/checks.ts'
import { CheckListRow } from '../checks/check-row.tsx'
import { PlanWindow } from '../checks/plan-window.tsx'
import { WindowList } from '../checks/window-list.tsx'
import { Answer } from '../components/answer.tsx'
import { AppFilter } from '../components/app-filter.tsx'
import { ButtonLink } from '../components/button.tsx'
import { Empty } from '../components/empty.tsx'
import { FoldedList } from '../components/folded-list.tsx'
import { Page, Section } from '../components/page.tsx'
import { Skeleton } from '../components/skeleton.tsx'
import { queries } from '../data/queries.ts'
import { byNeed } from '../lib/check-words.ts'
import { plural } from '../lib/numbers.ts'
import { paths } from '../paths.ts'

const route = getRouteApi('/signed-in/checks')

/** What is looked at from outside and from near, and how it stands. */
export function Checks() {
  const { app } = route.useSearch()
  const navigate = useNavigate({ from: '/checks' })
  const choose = (chosen: string | undefined) => void navigate({ search: { app: chosen }, replace: true, resetScroll: false })
  const checks = useQuery(queries.checks())
  const shown = (list: readonly CheckRow[]) => byNeed(list.filter((check) => app === undefined || check.app === app))
  return (
    <Page title="Checks" lead={checks.data === undefined ? 'What is looked at from outside and from near.' : sentence(shown(checks.data))} actions={<ButtonLink href={paths.newCheck()} tone="main">New check</ButtonLink>}>
      <Section title="All" aside={<AppFilter names={(checks.data ?? []).flatMap((check) => check.app ?? [])} app={app} onChange={choose} />}>
        <Answer query={checks} loading={<Skeleton rows={6} height={52} />} title="The checks could not be read">
          {(list) =>
            list.length === 0 ? (
              <Empty title="Nothing is checked yet." command="nightshift checks add http https://shop.example.com">
                A check asks from outside what your callers ask, or looks at a machine from within. Those of <code>checks:</code> in nightshift.yml come with the release.
              </Empty>
            ) : (
              <FoldedList items={shown(list)} most={Math.max(40, shown(list).filter(({ state }) => state !== 'up').length)} others={(rest) => `${plural(rest.length, 'more check')} that are up`}>
                {(some) => (
                  <ul className="divide-y divide-rule">
                    {some.map((check) => (
                      <CheckListRow key={check.id} check={check} />
                    ))}
                  </ul>
                )}
              </FoldedList>
            )
          }
        </Answer>
      </Section>
      <Section title="Maintenance" aside={<PlanWindow />}>
        <WindowList />
      </Section>
    </Page>
  )
}

function sentence(list: readonly CheckRow[]): string {
  const down = list.filter(({ state }) => state === 'down').length
  const warned = list.filter(({ state }) => state === 'warn').length
  if (list.length === 0) return 'What is looked at from outside and from near.'
  if (down + warned === 0) return `${plural(list.length, 'check')}, and nothing is down.`
  return `${plural(list.length, 'check')}: ${[down === 0 ? '' : `${down} down`, warned === 0 ? '' : `${warned} with a warning`].filter((part) => part !== '').join(', ')}.`
}
