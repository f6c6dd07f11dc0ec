import { useInfiniteQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Button } from '../components/button.tsx'
import { Ledger } from '../components/ledger.tsx'
import { Problem } from '../components/problem.tsx'
import { Skeleton } from '../components/skeleton.tsx'
import { type AppRef, queries } from '../data/queries.ts'
import { PastEntry } from './past-entry.tsx'

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
          {past.map((one) => (
            <PastEntry key={one.id} one={one} stacked={stacked} />
          ))}
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
