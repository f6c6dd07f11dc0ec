/** What needs a person: alerts, and what the night report lists beside them, each thing once. Pure. */
import type { Alert } from '#contract/healing.ts'
import type { Tonight } from '#contract/model.ts'
import { placeOf } from './remediation-words.ts'
import { paths } from '../paths.ts'

export type Need = { key: string; at: string; isCritical: boolean; place: ReturnType<typeof placeOf>; title: string; because: string | null; wayOut: string; remediation: string | null }

/** Alerts first (critical before warning), then the rest, newest first; of one app and service only the alerts. */
export function needsOf(listed: Tonight['needsPerson'], alerts: readonly Alert[]): Need[] {
  const open = alerts.filter((one) => one.clearedAt === null)
  const told = new Set(open.map(({ app, environment, service }) => `${app}/${environment}/${service}`))
  const rank = (one: Alert) => (one.severity === 'critical' ? 0 : 1)
  const fromAlerts = open
    .toSorted((a, b) => rank(a) - rank(b) || b.raisedAt.localeCompare(a.raisedAt))
    .map((one): Need => ({ key: one.id, at: one.raisedAt, isCritical: one.severity === 'critical', place: placeOf(one), title: one.title, because: one.because === one.title ? null : one.because, wayOut: one.wayOut, remediation: one.remediation }))
  const rest = listed
    .filter(({ app, environment, service }) => !told.has(`${app}/${environment}/${service}`))
    .toSorted((a, b) => b.since.localeCompare(a.since))
    .map((one): Need => ({ key: `${one.app}/${one.environment}/${one.service}/${one.what}`, at: one.since, isCritical: true, place: { ...placeOf({ target: '', machine: null, ...one }), href: paths.app(one.app, one.environment) }, title: one.what, because: null, wayOut: one.wayOut, remediation: null }))
  return [...fromAlerts, ...rest]
}

/** A title that names its place already is not named twice. */
export const namesItself = ({ title, place }: Pick<Need, 'title' | 'place'>) => title.includes(place.name)
