/** To a receiver of Prometheus remote write 1.0. */
import type { SecretBox } from '#base/secretbox.ts'
import { openPost } from '#watch/drains/post.ts'
import type { DeliveryError } from '#watch/drains/port.ts'
import { openTarget } from '#watch/drains/target.ts'
import { type ForwardRow, targetPlace } from './model.ts'
import { type OutgoingSeries, snappy, writeRequest } from './wire.ts'

/** Throws `DeliveryError`. */
export type ForwardSender = { send(series: readonly OutgoingSeries[], signal: AbortSignal): Promise<void>; close(): void }

export function openForward(box: SecretBox, { id, sealed, labels }: Pick<ForwardRow, 'id' | 'sealed' | 'labels'>): ForwardSender {
  // admins of all apps alone make forwards, and these may name any address
  const target = openTarget(box, targetPlace(id), sealed, true)
  const { post, close } = openPost(target, target.url, { coding: snappy, fixed: { 'x-prometheus-remote-write-version': '0.1.0' }, verdictOf })
  return { send: (series, signal) => post(writeRequest(series, labels), 'application/x-protobuf', signal), close }
}

/** The specification: 5xx is tried again, 429 may be, no other 4xx. Of 408 nobody knows what was read; 413 asks for another, smaller request. */
export function verdictOf(status: number): DeliveryError['verdict'] {
  if (status === 413) return 'smaller'
  return status >= 400 && status < 500 && status !== 429 && status !== 408 ? 'never' : 'again'
}
