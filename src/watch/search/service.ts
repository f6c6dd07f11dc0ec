/**
 * One question over everything. What changes seldom (apps, services, machines, documents) is held for a moment and ranked in
 * memory, so that typing costs no query a letter; events, releases and lines are asked for, each with a bound.
 */
import type { AppDetail, Machine } from '#contract/model.ts'
import type { SearchAnswer } from '#contract/search.ts'
import type { Database } from '#kernel/db/db.ts'
import { listAlerts } from '#watch/alerts/read.ts'
import { listChecks } from '#watch/checks/read.ts'
import { type LogReader, defaultStreams } from '#watch/logs/port.ts'
import { type DocSection, readDocs } from './docs.ts'
import { findEvents, findReleases } from './read.ts'
import { alertThings, appThings, checkThings, docThings, eventThings, found, machineThings, releaseThings } from './things.ts'

export type SearchDeps = {
  db: Database
  apps: () => Promise<AppDetail[]>
  machines: () => Promise<Machine[]>
  lines: LogReader['read']
  docsDir: string
}

const heldMs = 2_000
const mostLines = 3
const linesBudgetMs = 40
const leastLetters = 3

export type Search = (query: { q: string; limit: number; logs: boolean }, apps: readonly string[] | null, now: Date) => Promise<SearchAnswer>

export function openSearch({ db, apps, machines, lines, docsDir }: SearchDeps): Search {
  let docs: Promise<DocSection[]> | undefined
  let held: { untilMs: number; known: Promise<[AppDetail[], Machine[]]> } | undefined

  /** A failure is not held, here as below. */
  function sections(): Promise<DocSection[]> {
    docs ??= readDocs(docsDir).catch((error: unknown) => {
      docs = undefined
      throw error
    })
    return docs
  }

  function known(nowMs: number): Promise<[AppDetail[], Machine[]]> {
    if (held === undefined || nowMs >= held.untilMs) {
      held = { untilMs: nowMs + heldMs, known: Promise.all([apps(), machines()]) }
      held.known.catch(() => {
        held = undefined
      })
    }
    return held.known
  }

  return async ({ q, limit, logs }, seen, now) => {
    const words = q.trim().split(/\s+/).slice(0, 8)
    const sees = (app: string) => seen === null || seen.includes(app)
    const [[allApps, allMachines], read, checks, alerts, releases, events, page] = await Promise.all([
      known(now.getTime()),
      sections(),
      listChecks(db, { apps: seen }),
      listAlerts(db, { apps: seen, open: true, limit: 100 }),
      findReleases(db, words, seen),
      findEvents(db, words, seen),
      logs && q.length >= leastLetters ? lines({ apps: seen, text: q, streams: defaultStreams, limit: mostLines, budgetMs: linesBudgetMs }) : { lines: [], partial: false },
    ])
    const own = allApps.filter((app) => sees(app.name))
    const used = new Set(own.flatMap((app) => app.services.flatMap((service) => service.instances.map(({ machine }) => machine))))
    const things = [
      ...appThings(own), ...machineThings(seen === null ? allMachines : allMachines.filter(({ name }) => used.has(name))), ...checkThings(checks), ...alertThings(alerts),
      ...releaseThings(releases), ...eventThings(events), ...docThings(read),
    ]
    return { results: found(things, q, limit), logs: { lines: page.lines, partial: page.partial } }
  }
}
