/** What needs a person: alerts, and what the night report lists beside them, each thing once. Pure. */
import type { Alert } from '#contract/healing.ts'
import type { Tonight } from '#contract/model.ts'
import { placeOf } from './remediation-words.ts'

export type Need = { key: string; at: string; isCritical: boolean; place: ReturnType<typeof placeOf>; title: string; because: string | null; wayOut: string; remediation: string | null; /** What else is said of the same service. */ also: string[] }

/** What is critical first, then the newest; of one service only the alerts, which tell more, and in one entry. */
export function needsOf(listed: Tonight['needsPerson'], alerts: readonly Alert[]): Need[] {
  const open = alerts.filter((one) => one.clearedAt === null)
  const told = new Set(open.flatMap(({ app, environment, service }) => (app === null ? [] : `${app}/${environment ?? ''}/${service}`)))
  const fromAlerts = open.map((one): Need => ({ key: one.id, at: one.raisedAt, isCritical: one.severity === 'critical', place: placeOf(one), title: one.title, because: one.because === one.title ? null : one.because, wayOut: one.wayOut, remediation: one.remediation, also: [] }))
  const rest = listed
    .filter(({ app, environment, service, alert }) => !told.has(`${app}/${environment}/${service}`) && !open.some(({ id }) => id === alert))
    .map((one): Need => ({ key: `${one.app}/${one.environment}/${one.service}/${one.what}`, at: one.since, isCritical: true, place: placeOf({ target: '', machine: null, ...one, app: one.app === '' ? null : one.app }), title: one.what, because: null, wayOut: one.wayOut, remediation: null, also: [] }))
  const sorted = [...fromAlerts, ...rest].toSorted((a, b) => Number(b.isCritical) - Number(a.isCritical) || b.at.localeCompare(a.at))
  return [...Map.groupBy(sorted, ({ place }) => `${place.href} ${place.name} ${place.environment}`).values()].map(([first, ...others]): Need => ({ ...(first as Need), remediation: first?.remediation ?? others.find(({ remediation }) => remediation !== null)?.remediation ?? null, also: others.map(({ title }) => title) }))
}

/** A title that names its place already is not named twice. */
export const namesItself = ({ title, place }: Pick<Need, 'title' | 'place'>) => title.includes(place.name)
