/** From what is known to what can be found. Pure. */
import type { Alert } from '#contract/healing.ts'
import type { AppDetail, Machine } from '#contract/model.ts'
import { type Rankable, rank } from '#contract/ranking.ts'
import { type SearchKind, type SearchResult, searchKinds } from '#contract/search.ts'
import type { DocSection } from './docs.ts'
import type { WithState } from '#watch/checks/read.ts'
import type { FoundEvent, FoundRelease } from './read.ts'

export type Thing = SearchResult & { context: readonly string[]; sick: boolean }

const none = { app: null, environment: null, service: null, at: null, health: null, excerpt: null, context: [], sick: false }
const isSick = (health: string) => health === 'down' || health === 'degraded'

export function appThings(apps: readonly AppDetail[]): Thing[] {
  return apps.flatMap((app): Thing[] => {
    const place = { app: app.name, environment: app.environment }
    const services = app.services.map(
      (service): Thing => ({
        ...none, ...place, kind: 'service', title: service.name, detail: service.because, service: service.name, ref: `${app.name}/${app.environment}/${service.name}`,
        health: service.health, sick: isSick(service.health), context: [app.name, app.environment, `${app.name}/${service.name}`, ...service.instances.map(({ name }) => name)],
      }),
    )
    return [{ ...none, ...place, kind: 'app', title: app.name, detail: app.because, ref: `${app.name}/${app.environment}`, health: app.health, sick: isSick(app.health), context: [app.environment] }, ...services]
  })
}

export function machineThings(machines: readonly Machine[]): Thing[] {
  return machines.map((machine) => ({ ...none, kind: 'machine', title: machine.name, detail: `${machine.state}, ${machine.instances} instances, ${machine.os}`, ref: machine.name, at: machine.lastSeenAt, sick: machine.state === 'lost', context: ['machine'] }))
}

export function checkThings(checks: readonly Pick<WithState, 'id' | 'name' | 'kind' | 'app' | 'environment' | 'service' | 'state' | 'because'>[]): Thing[] {
  return checks.map(({ id, name, kind, app, environment, service, state, because }) => ({ ...none, kind: 'check', title: name, detail: `${state}: ${because}`, app, environment, service, ref: id, sick: state === 'down', context: ['check', kind, ...names(app, environment, service)] }))
}

export function alertThings(alerts: readonly Alert[]): Thing[] {
  return alerts.map(({ id, app, environment, service, title, wayOut, raisedAt }) => ({ ...none, kind: 'alert', title, detail: wayOut, app, environment, service, ref: id, at: raisedAt, sick: true, context: names(app, environment, service) }))
}

export function releaseThings(releases: readonly FoundRelease[]): Thing[] {
  return releases.map(({ app, environment, number, description, commit, created_at }) => ({
    ...none, kind: 'release', title: `v${number}`, detail: description, app, environment, ref: String(number), at: created_at.toISOString(), context: [app, environment, description, ...(commit === null ? [] : [commit])],
  }))
}

export function eventThings(events: readonly FoundEvent[]): Thing[] {
  return events.map(({ id, at, kind, app, environment, service, summary }) => ({ ...none, kind: 'event', title: summary, detail: kind, app, environment, service, ref: String(id), at: at.toISOString(), context: [kind, ...names(app, environment, service)] }))
}

export function docThings(sections: readonly DocSection[]): Thing[] {
  return sections.map(({ file, heading, anchor, document, excerpt }) => ({ ...none, kind: 'doc', title: heading, detail: `docs/${file}`, ref: anchor === '' ? file : `${file}#${anchor}`, excerpt, context: [document, file] }))
}

function names(...given: (string | null)[]): string[] {
  return given.filter((name) => name !== null)
}

const mostOfAKind = 8

/** Best first, at most eight of a kind. */
export function found(things: readonly Thing[], query: string, limit: number): SearchResult[] {
  const counts = new Map<SearchKind, number>()
  const results: SearchResult[] = []
  for (const { item } of rank(things, query, rankable)) {
    const count = counts.get(item.kind) ?? 0
    counts.set(item.kind, count + 1)
    if (count >= mostOfAKind) continue
    const { context: _context, sick: _sick, ...result } = item
    results.push(result)
    if (results.length === limit) break
  }
  return results
}

function rankable(thing: Thing): Rankable {
  return { title: thing.title, context: thing.context, order: searchKinds.indexOf(thing.kind), sick: thing.sick, atMs: thing.at === null ? null : Date.parse(thing.at) }
}
