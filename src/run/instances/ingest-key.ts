/**
 * What an instance proves itself with when it sends telemetry: `nsi_<app/environment/service/instance>.<HMAC>`, both base64url. It opens the intake
 * of telemetry for that service and nothing else, is made anew for every instance from the key of the installation, and stands in no table.
 */
import { timingSafeEqual } from 'node:crypto'
import type { SecretBox } from '#base/secretbox.ts'

export type ServiceIdentity = { app: string; environment: string; service: string; /** `web.1`; null: of the service as a whole. */ instance: string | null }

const purpose = 'ingest key'
const form = /^nsi_([A-Za-z0-9_-]{1,600})\.([A-Za-z0-9_-]{43})$/

export function ingestKey(box: Pick<SecretBox, 'mac'>, { app, environment, service, instance }: ServiceIdentity): string {
  const payload = [app, environment, service, ...(instance === null ? [] : [instance])].join('/')
  return `nsi_${Buffer.from(payload).toString('base64url')}.${box.mac(payload, purpose).toString('base64url')}`
}

/** Whose it is; null for what is no key of this installation. */
export function readIngestKey(box: Pick<SecretBox, 'mac'>, key: string): ServiceIdentity | null {
  const [, encoded, mac] = form.exec(key) ?? []
  if (encoded === undefined || mac === undefined) return null
  const payload = Buffer.from(encoded, 'base64url').toString('utf8')
  const [app, environment, service, instance, more] = payload.split('/')
  if (!timingSafeEqual(Buffer.from(mac, 'base64url'), box.mac(payload, purpose))) return null
  return app && environment && service && more === undefined ? { app, environment, service, instance: instance ?? null } : null
}
