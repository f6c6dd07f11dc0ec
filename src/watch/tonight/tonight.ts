/**
 * The home page, as a pure function of what is known: one sentence first, then what needs a person, then the last 24
 * hours as marks. Says only what is in the rows: "nobody was woken" waits for the pager to exist.
 */
import type { Alert } from '#contract/healing.ts'
import type { AppSummary, JournalEvent, Machine, Tonight } from '#contract/model.ts'
import { summaryOf } from '#run/apps/read.ts'
import { type Mark, marksOf } from './marks.ts'
import { type MissingSecrets, type NeedsPerson, type TonightApp, whatNeedsPerson } from './needs.ts'

export type TonightFacts = {
  apps: readonly (AppSummary & TonightApp)[]
  /** Of 24 hours, oldest first. */
  events: readonly JournalEvent[]
  machines: readonly Machine[]
  missingSecrets: readonly MissingSecrets[]
  /** Open ones. */
  alerts: readonly Alert[]
  /** By `app/environment`. */
  sparklines: ReadonlyMap<string, number[]>
  now: Date
  /** IANA zone of the night; the server's by default. */
  zone?: string | undefined
}

export function tonight({ apps, events, machines, missingSecrets, alerts, sparklines, now, zone }: TonightFacts): Tonight {
  const needsPerson = whatNeedsPerson({ apps, events, machines, missingSecrets, alerts, now })
  const marks = marksOf(events)
  return {
    sentence: sentence(apps, marks, needsPerson, nightStart(now, zone)),
    quiet: needsPerson.length === 0 && apps.every((app) => !['down', 'degraded'].includes(app.health)),
    needsPerson,
    marks,
    apps: apps.map((app) => ({ ...summaryOf(app), sparkline: sparklines.get(`${app.name}/${app.environment}`) ?? [] })),
  }
}

function sentence(apps: readonly AppSummary[], marks: readonly Mark[], needs: readonly NeedsPerson[], night: Date): string {
  if (apps.length === 0) return needs.length === 0 ? 'All quiet. Nothing runs here yet.' : `${count(needs.length, 'thing needs', 'things need')} a person. Nothing runs here yet.`
  const services = apps.flatMap((app) => app.services)
  const having = (...healths: AppSummary['health'][]) => services.filter((service) => healths.includes(service.health)).length
  const unwell = having('down', 'degraded')
  const healed = marks.filter((mark) => mark.kind === 'healed' && Date.parse(mark.at) >= night.getTime()).length
  const parts = [
    needs.length > 0 ? `${count(needs.length, 'thing needs', 'things need')} a person.` : unwell > 0 ? `${count(unwell, 'service is', 'services are')} being healed.` : 'All quiet.',
    `${count(having('healthy'), 'service')} healthy${having('working') > 0 ? `, ${having('working')} changing` : ''}.`,
  ]
  if (healed > 0) parts.push(`${count(healed, 'fault')} healed since 22:00.`)
  return parts.join(' ')
}

/** 22:00 of this night, or of the one before while it is day. */
export function nightStart(now: Date, zone = Temporal.Now.timeZoneId()): Date {
  const here = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(zone)
  const start = here.toPlainDate().toZonedDateTime({ timeZone: zone, plainTime: '22:00' })
  const past = Temporal.ZonedDateTime.compare(start, here) > 0 ? here.toPlainDate().subtract({ days: 1 }).toZonedDateTime({ timeZone: zone, plainTime: '22:00' }) : start
  return new Date(past.epochMilliseconds)
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`
}
