/** The target of a drain, sealed and opened: its address and headers may hold what lets somebody in. */
import type { SecretBox } from '#base/secretbox.ts'
import { type DrainRow, targetPlace } from './model.ts'
import type { Target } from './port.ts'

type Sealed = { url: string; headers: Record<string, string>; ca: string | null }

export function sealTarget(box: SecretBox, id: string, { url, headers, ca }: Pick<Target, 'url' | 'headers' | 'ca'>): Buffer {
  return box.seal(JSON.stringify({ url: url.href, headers, ca: ca ?? null } satisfies Sealed), targetPlace(id))
}

export function openTarget(box: SecretBox, row: Pick<DrainRow, 'id' | 'sealed' | 'any_address'>): Target {
  const { url, headers, ca } = JSON.parse(box.open(row.sealed, targetPlace(row.id))) as Sealed
  return { url: new URL(url), headers, ca: ca ?? undefined, anyAddress: row.any_address }
}
