import { parseDuration } from '#base/units.ts'
import type { SloSpec } from '#contract/alerting.ts'
import { parseObjective } from '#contract/manifest-units.ts'
import type { Manifest } from '#contract/manifest.ts'

/** `service` '': the app as a whole. */
export type SloPlace = { app: string; environment: string; service: string }
/** `declared`: the manifest has an SLO of this place. */
export type SloDefinition = SloPlace & { spec: SloSpec; origin: 'manifest' | 'own'; declared: boolean }

/** One thing that is counted. `latency:500`: answers slower than 500 ms are bad. */
export type CountedObjective = { kind: 'availability' | 'latency'; key: string; target: number; thresholdMs: number | null }

export function objectivesOf({ availability, p99Ms }: SloSpec): CountedObjective[] {
  return [
    ...(availability === undefined ? [] : [{ kind: 'availability' as const, key: 'availability', target: availability, thresholdMs: null }]),
    ...(p99Ms === undefined ? [] : [{ kind: 'latency' as const, key: `latency:${p99Ms}`, target: 0.99, thresholdMs: p99Ms }]),
  ]
}

/** The SLOs of a manifest in an environment: production has those of the top, any other has its own or none. */
export function manifestSlos(app: string, environment: string, manifest: Manifest): SloDefinition[] {
  const whole = environment === 'production' ? manifest.slo : manifest.environments[environment]?.slo
  const services = environment === 'production' ? Object.entries(manifest.services).map(([service, { slo }]) => [service, slo] as const) : []
  return [['', whole] as const, ...services].flatMap(([service, slo]) => (slo === undefined ? [] : [{ app, environment, service, origin: 'manifest' as const, declared: true, spec: specOf(slo) }]))
}

function specOf({ availability, p99, window }: NonNullable<Manifest['slo']>): SloSpec {
  return { alerts: true, windowMs: parseDuration(window), ...(availability === undefined ? {} : { availability: parseObjective(availability) }), ...(p99 === undefined ? {} : { p99Ms: parseDuration(p99) }) }
}

export const placeKey = ({ app, environment, service }: SloPlace): string => `${app}/${environment}/${service === '' ? '*' : service}`

/** As people say it. */
export function placeName({ app, environment, service }: SloPlace): string {
  return [app, ...(environment === 'production' ? [] : [environment]), ...(service === '' ? [] : [service])].join('/')
}
