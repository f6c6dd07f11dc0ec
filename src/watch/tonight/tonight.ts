/**
 * The home page, as a pure function of what is known: one sentence first, then what needs a person, then the last 24
 * hours as marks. Says only what is in the rows: "nobody was woken" waits for the pager to exist.
 */
import type { AppSummary, JournalEvent, Machine, Tonight } from '#contract/model.ts'
import type { EventKind } from '#contract/events.ts'

export type NeedsPerson = Tonight['needsPerson'][number]
export type Mark = Tonight['marks'][number]

export type TonightFacts = {
  apps: AppSummary[]
  /** Since 24 hours, oldest first. */
  events: JournalEvent[]
  machines: Machine[]
  missingSecrets: { app: string; environment: string; names: string[]; since: string }[]
  sparklines: ReadonlyMap<string, number[]>
  now: Date
}

const changes: ReadonlySet<EventKind> = new Set(['release.activated', 'config.changed', 'secret.changed', 'scale.changed', 'domain.added', 'domain.removed', 'app.created', 'app.destroyed', 'app.stopped', 'app.started', 'app.restarted'])
const faults: ReadonlySet<EventKind> = new Set(['instance.exited', 'instance.unhealthy', 'instance.vanished', 'release.failed', 'build.failed', 'machine.lost'])

const maxMarks = 500

export function tonight({ apps, events, machines, missingSecrets, sparklines, now }: TonightFacts): Tonight {
  const needsPerson = whatNeedsPerson({ apps, events, machines, missingSecrets })
  return {
    sentence: sentence(apps, events, needsPerson, now),
    quiet: needsPerson.length === 0 && apps.every((app) => !['down', 'degraded'].includes(app.health)),
    needsPerson,
    marks: marksOf(events).slice(-maxMarks),
    apps: apps.map((app) => ({ ...app, sparkline: sparklines.get(`${app.name}/${app.environment}`) ?? [] })),
  }
}

/** A fault of an instance counts as healed once the same instance, or its successor of that name, is ready again. */
export function marksOf(events: JournalEvent[]): Mark[] {
  const marks: Mark[] = []
  const open = new Map<string, Mark>()
  for (const event of events) {
    const subject = `${event.app}/${event.environment}/${event.instance}`
    const mark = (kind: Mark['kind']): Mark => ({ at: event.at, kind, event: event.id, app: event.app, summary: event.summary })
    if (event.kind === 'instance.held') {
      const entry = mark('held')
      marks.push(entry)
      open.set(subject, entry)
    } else if (faults.has(event.kind)) {
      const entry = mark('fault')
      marks.push(entry)
      if (event.instance !== null) open.set(subject, entry)
    } else if (event.kind === 'instance.ready') {
      const fault = open.get(subject)
      if (fault) marks.push({ ...mark('healed'), summary: `healed: ${event.summary}` })
      open.delete(subject)
    } else if (changes.has(event.kind)) marks.push(mark('change'))
  }
  return marks
}

export function whatNeedsPerson({ apps, events, machines, missingSecrets }: Pick<TonightFacts, 'apps' | 'events' | 'machines' | 'missingSecrets'>): NeedsPerson[] {
  const needs: NeedsPerson[] = []
  for (const machine of machines) {
    if (machine.state === 'lost') needs.push({ app: '', environment: '', service: null, what: `the machine ${machine.name} is away`, since: machine.lastSeenAt, wayOut: `see whether it runs, then: nightshift status (on ${machine.name})` })
  }
  for (const { app, environment, names, since } of missingSecrets)
    needs.push({ app, environment, service: null, what: `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} not set, so the release cannot start`, since, wayOut: `nightshift secrets set ${names[0]} -a ${app}` })
  for (const app of apps) {
    const failed = events.findLast((event) => event.app === app.name && event.environment === app.environment && (event.kind === 'rollout.failed' || event.kind === 'release.activated'))
    if (failed?.kind === 'rollout.failed' && failed.data['cancelled'] !== true)
      needs.push({ app: app.name, environment: app.environment, service: null, what: failed.summary, since: failed.at, wayOut: `nightshift logs -a ${app.name}, mend it, then deploy again` })
    for (const service of app.services) {
      if (service.health !== 'down' && service.health !== 'degraded') continue
      const trouble = events.findLast((event) => event.app === app.name && event.environment === app.environment && event.service === service.name && (event.kind === 'instance.held' || event.kind === 'instance.exited' || event.kind === 'instance.unhealthy'))
      if (trouble?.kind !== 'instance.held' && service.health !== 'down') continue
      needs.push({ app: app.name, environment: app.environment, service: service.name, what: trouble?.summary ?? app.because, since: trouble?.at ?? app.createdAt, wayOut: `nightshift logs -a ${app.name} -s ${service.name}` })
    }
  }
  return needs
}

function sentence(apps: AppSummary[], events: JournalEvent[], needs: NeedsPerson[], now: Date): string {
  if (apps.length === 0) return 'All quiet. Nothing runs here yet.'
  const services = apps.flatMap((app) => app.services)
  const healthy = services.filter((service) => service.health === 'healthy').length
  const unwell = services.filter((service) => service.health === 'down' || service.health === 'degraded').length
  const moving = services.filter((service) => service.health === 'working').length
  const night = nightStart(now)
  const marks = marksOf(events).filter((mark) => new Date(mark.at) >= night)
  const healed = marks.filter((mark) => mark.kind === 'healed').length
  const first = needs.length > 0 ? `${count(needs.length, 'thing')} ${needs.length === 1 ? 'needs' : 'need'} a person.` : unwell > 0 ? `${count(unwell, 'service')} ${unwell === 1 ? 'is' : 'are'} unwell.` : 'All quiet.'
  const second = moving > 0 ? `${count(healthy, 'service')} healthy, ${moving} changing.` : `${count(healthy, 'service')} healthy.`
  const third = healed > 0 ? ` ${count(healed, 'fault')} healed since ${clockOf(night)}.` : ''
  return `${first} ${second}${third}`
}

/** 22:00 of this night or the one before, in the server's zone. */
export function nightStart(now: Date): Date {
  const start = new Date(now)
  start.setHours(22, 0, 0, 0)
  if (start > now) start.setDate(start.getDate() - 1)
  return start
}

function clockOf(time: Date): string {
  return `${String(time.getHours()).padStart(2, '0')}:${String(time.getMinutes()).padStart(2, '0')}`
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
