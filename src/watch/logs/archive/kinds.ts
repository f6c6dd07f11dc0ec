/** Every engine that may keep sealed lines, by the scheme of its address. Another one is a folder, a line here, and the conformance suite (`src/test/conformance/log-store.ts`). */
import { AppError } from '#base/errors.ts'
import { createClickhouse } from './clickhouse/store.ts'
import type { Archive } from './port.ts'

const kinds: Record<string, (address: string) => Archive> = { 'clickhouse+http': createClickhouse, 'clickhouse+https': createClickhouse }

/** Throws `invalid` for an address of none of them. Nothing is asked of it yet. */
export function openArchive(address: string): Archive {
  const scheme = /^([a-z+]+):\/\//.exec(address)?.[1] ?? ''
  const open = Object.hasOwn(kinds, scheme) ? kinds[scheme] : undefined
  if (open === undefined) throw new AppError('invalid', `NIGHTSHIFT_LOG_STORE: there is no log store "${scheme}" (they are ${Object.keys(kinds).map((one) => `${one}://`).join(', ')}; leave it out to keep lines in PostgreSQL)`)
  return open(address)
}
