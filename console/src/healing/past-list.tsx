import { useInfiniteQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Remediation } from '#contract/healing.ts'
import { MarginTime } from '../components/ago.tsx'
import { Button } from '../components/button.tsx'
import { Entry, Ledger } from '../components/ledger.tsx'
import { Problem } from '../components/problem.tsx'
import { Skeleton } from '../components/skeleton.tsx'
import { type AppRef, queries } from '../data/queries.ts'
import { groupTitle, pastGroups } from '../lib/remediation-groups.ts'
import { PastEntry } from './past-entry.tsx'
import { RemediationGroup } from './remediation-group.tsx'

/** What has ended, newest first, as far back as one wants to read. */
export function PastList({ of, empty, stacked = false }: { of: Partial<AppRef>; empty: ReactNode; stacked?: boolean }) {
  const pages = useInfiniteQuery(queries.remediations(of))
  const past = (pages.data?.pages.flat() ?? []).filter((one) => one.endedAt !== null)
  if (pages.isPending) return <Skeleton rows={5} height={56} />
  if (pages.data === undefined) return <Problem error={pages.error} retry={() => void pages.refetch()} title="The past could not be read" />
  return (
    <>
      {past.length === 0 ? empty : (
        <Ledger label="Past remediations, newest first">
          {pastGroups(past).map(({ key, all }) =>
            all.length === 1 ? (
              <PastEntry key={key} one={all[0] as Remediation} stacked={stacked} />
            ) : (
              <Entry key={key} when={<MarginTime at={all.map((one) => one.signal.since).toSorted().at(-1) as string} />}>
                <RemediationGroup all={all}>
                  <Ledger label={groupTitle(all)}>
                    {all.map((one) => (
                      <PastEntry key={one.id} one={one} stacked />
                    ))}
                  </Ledger>
                </RemediationGroup>
              </Entry>
            ),
          )}
        </Ledger>
      )}
      {pages.hasNextPage ? (
        <Button className="mt-4" busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          Older
        </Button>
      ) : null}
    </>
  )
}
