import type { InstanceSpec } from '#contract/wire.ts'

/** The app and environment of a key that one of these instances has in its environment; null for a key of none: whose it is, it may say of itself. Pure. */
export function laneOfKey(key: string, specs: readonly Pick<InstanceSpec, 'app' | 'environment' | 'env'>[]): string | null {
  const payload = /^nsi_([A-Za-z0-9_-]{1,600})\./.exec(key)?.[1]
  if (payload === undefined) return null
  const [app, environment] = Buffer.from(payload, 'base64url').toString('utf8').split('/')
  const header = `authorization=Bearer%20${key}`
  return specs.some((spec) => spec.app === app && spec.environment === environment && spec.env['OTEL_EXPORTER_OTLP_HEADERS'] === header) ? `${app}/${environment}` : null
}
