import { useInfiniteQuery } from '@tanstack/react-query'
import { TextLink } from '../components/a.tsx'
import { MarginTime } from '../components/ago.tsx'
import { Button } from '../components/button.tsx'
import { Entry, Ledger } from '../components/ledger.tsx'
import { Problem } from '../components/problem.tsx'
import { Skeleton } from '../components/skeleton.tsx'
import { type AppRef, queries } from '../data/queries.ts'
import { paths } from '../paths.ts'

/** What people and releases changed, newest first: the first suspects. */
export function ChangeList({ of }: { of: AppRef }) {
  const pages = useInfiniteQuery(queries.changes(of))
  if (pages.isPending) return <Skeleton rows={6} height={24} />
  if (pages.data === undefined) return <Problem error={pages.error} retry={() => void pages.refetch()} title="The changes could not be read" />
  const changes = pages.data.pages.flat()
  if (changes.length === 0) return <p className="py-3 text-soft">Nothing has been changed yet.</p>
  return (
    <>
      <Ledger label="Changes, newest first">
        {changes.map((event) => (
          <Entry key={event.id} when={<MarginTime at={event.at} />}>
            <p>
              {event.summary}{' '}
              <TextLink href={paths.journal({ event: String(event.id) })} className="font-mono text-xs">
                {event.kind}
              </TextLink>
            </p>
          </Entry>
        ))}
      </Ledger>
      {pages.hasNextPage ? (
        <Button size="sm" className="mt-4" busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          Older changes
        </Button>
      ) : null}
    </>
  )
}
