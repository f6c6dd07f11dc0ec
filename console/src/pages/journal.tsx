import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import type { JournalEvent } from '#contract/model.ts'
import { ClockTime } from '../components/ago.tsx'
import { Button } from '../components/button.tsx'
import { Empty } from '../components/empty.tsx'
import { Select } from '../components/field.tsx'
import { Ledger } from '../components/ledger.tsx'
import { Page } from '../components/page.tsx'
import { Problem } from '../components/problem.tsx'
import { Skeleton } from '../components/skeleton.tsx'
import { api } from '../data/api.ts'
import { onEvent } from '../data/live.ts'
import { queries } from '../data/queries.ts'
import { commands } from '../lib/commands.ts'
import { longDate } from '../lib/times.ts'
import type { JournalFilter } from '../paths.ts'
import { EventEntry } from './event-entry.tsx'

const route = getRouteApi('/signed-in/journal')
const pageSize = 100
const kinds = ['app', 'build', 'release', 'rollout', 'instance', 'remediation', 'alert', 'check', 'dashboard', 'maintenance', 'healing', 'config', 'secret', 'scale', 'domain', 'volume', 'machine', 'token', 'session', 'git'] as const

export function Journal() {
  const filter: JournalFilter = route.useSearch()
  const navigate = useNavigate({ from: '/journal' })
  const set = (change: Partial<JournalFilter>) => void navigate({ search: (now) => ({ ...now, event: undefined, ...change }), replace: true })
  const apps = useQuery(queries.apps()).data ?? []
  const pages = useEvents(filter)
  const events = pages.data?.pages.flat() ?? []
  useScrollTo(filter.event, events.length)
  return (
    <Page title="Journal" lead="Everything that happened, who or what did it, and when. Nothing is ever crossed out.">
      <div role="search" aria-label="Journal" className="mb-6 flex flex-wrap gap-2">
        <Select label="App" hideLabel value={filter.app ?? ''} onChange={(event) => set({ app: event.target.value || undefined })}>
          <option value="">all apps</option>
          {[...new Set(apps.map((one) => one.name))].map((name) => (
            <option key={name}>{name}</option>
          ))}
        </Select>
        <Select label="Kind" hideLabel value={filter.kind ?? ''} onChange={(event) => set({ kind: event.target.value || undefined })}>
          <option value="">everything</option>
          {kinds.map((kind) => (
            <option key={kind}>{kind}</option>
          ))}
        </Select>
        {filter.event === undefined ? null : <Button onClick={() => set({})}>To the newest</Button>}
      </div>
      {pages.isError && events.length === 0 ? <Problem error={pages.error} retry={() => void pages.refetch()} title="The journal could not be read" /> : null}
      {pages.isPending ? <Skeleton rows={10} height={28} /> : null}
      {pages.isSuccess && events.length === 0 ? <Empty title="Nothing is written here yet." command={commands.events} /> : null}
      {byDay(events).map(({ day, list }) => (
        <section key={day} className="mb-6">
          <h2 className="mb-1 text-lg">{day}</h2>
          <Ledger label={`Journal of ${day}`}>
            {list.map((event) => (
              <EventEntry key={event.id} event={event} when={<ClockTime at={event.at} />} marked={String(event.id) === filter.event} />
            ))}
          </Ledger>
        </section>
      ))}
      {pages.hasNextPage ? (
        <Button busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          Older
        </Button>
      ) : null}
    </Page>
  )
}

/** Pages of the past, and what happens from now on put before them. */
function useEvents(filter: JournalFilter) {
  const query = useInfiniteQuery({
    queryKey: ['journal', filter.app, filter.kind, filter.event],
    // an entry that was linked to stands with what came after it
    initialPageParam: filter.event === undefined ? undefined : Number(filter.event) + pageSize / 2,
    queryFn: ({ pageParam, signal }) => api.call('events.list', { query: { limit: pageSize, ...(filter.app === undefined ? {} : { app: filter.app }), ...(filter.kind === undefined ? {} : { kind: filter.kind }), ...(pageParam === undefined ? {} : { before: pageParam }) } }, signal),
    getNextPageParam: (last) => (last.length < pageSize ? undefined : last.at(-1)?.id),
    staleTime: 0,
  })
  const [fresh, setFresh] = useState<JournalEvent[]>([])
  useEffect(() => {
    setFresh([])
    if (filter.event !== undefined) return
    return onEvent((event) => {
      if (filter.app !== undefined && event.app !== filter.app) return
      if (filter.kind !== undefined && !event.kind.startsWith(`${filter.kind}.`)) return
      setFresh((list) => [event, ...list].slice(0, 500))
    })
  }, [filter.app, filter.kind, filter.event])
  const known = new Set(query.data?.pages[0]?.map((event) => event.id))
  const data = query.data && { ...query.data, pages: [fresh.filter((event) => !known.has(event.id)), ...query.data.pages] }
  return { ...query, data }
}

function byDay(events: readonly JournalEvent[]): { day: string; list: JournalEvent[] }[] {
  const days: { day: string; list: JournalEvent[] }[] = []
  for (const event of events) {
    const day = longDate(event.at)
    if (days.at(-1)?.day === day) days.at(-1)?.list.push(event)
    else days.push({ day, list: [event] })
  }
  return days
}

function useScrollTo(event: string | undefined, count: number): void {
  useEffect(() => {
    if (event !== undefined) document.getElementById(`event-${event}`)?.scrollIntoView({ block: 'center' })
  }, [event, count > 0])
}
