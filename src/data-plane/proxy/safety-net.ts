import type { ServiceKey } from '#contract/names.ts'
import type { Copies } from './copies.ts'
import { answerFrom, type Copy, copyOf, type CopyPlace, isConfirmed, readRequest, refreshed, type StaleAnswer } from './copy.ts'
import { CopyBody } from './copy-body.ts'
import { answers, type Asked, isAnonymous, isUsable, takesCopies } from './copy-rules.ts'
import type { RequestHead } from './request-head.ts'
import { type ResponseHead, responseFraming } from './response-head.ts'

/** Of a route whose service asks for it. `staleMs`: how long after it went stale a copy may stand in. */
export type Keeping = { copies: Copies; staleMs: number }

/**
 * One request to a service that keeps copies: while the app answers, its answer is taken along; when it does not, a copy is
 * looked for. Nothing is ever answered from here before the app has had its chance, so this is no cache in the usual sense.
 */
export class SafetyNet {
  readonly #keeping: Keeping
  readonly #head: RequestHead
  readonly #lines: string
  readonly #place: CopyPlace
  #asked: Asked | null = null
  #taken: { copy: Copy; body: CopyBody } | null = null

  /** `lines`: the head as the app gets it. */
  constructor(keeping: Keeping, service: ServiceKey, scheme: string, head: RequestHead, lines: string) {
    this.#keeping = keeping
    this.#head = head
    this.#lines = lines
    // apps answer http and https differently (a redirect), and write host and port into their links
    this.#place = { key: `${service} ${scheme}://${head.host.toLowerCase()}${head.target}`, service, hostname: head.hostname, path: head.path }
  }

  /** The app's answer begins, which is no fault. `coded`: a chunked body comes as it is. */
  answered(head: ResponseHead, coded: boolean): void {
    const { copies } = this.#keeping
    if (!this.#reads()) {
      // RFC 9111 §4.4: what changed it makes all copies of it old
      if (!safe.has(this.#head.method) && head.status < 400) copies.forget(this.#place.key)
      return
    }
    if (head.status === 304) return this.#confirmed(head)
    if (saysNothing.has(head.status) || head.status >= 500) return
    const copy = copyOf(this.#place, this.#request(), head)
    if (copy !== null) this.#take(copy, head, coded)
    // what everybody got may now not be kept (a page that asks for a login): neither may what was there before
    else if (isAnonymous(this.#request())) copies.forget(this.#place.key, this.#matching())
  }

  #take(copy: Copy, head: ResponseHead, coded: boolean): void {
    const { copies } = this.#keeping
    const framing = responseFraming(head, this.#head.method)
    // One that ends with its connection is not known to be whole.
    if (framing === 'close' || (framing === 'length' && head.contentLength > copies.entryBytes)) return
    this.#taken = { copy, body: new CopyBody(copies, coded && framing === 'chunked') }
  }

  #confirmed(head: ResponseHead): void {
    const asked = this.#request()
    for (const copy of this.#matching()) {
      if (copy.method !== 'GET' || !isConfirmed(copy, asked, head)) continue
      const renewed = refreshed(copy, asked, head)
      if (renewed === null) this.#keeping.copies.forget(this.#place.key, [copy])
      else this.#keeping.copies.put(renewed, [copy])
    }
  }

  body(bytes: Buffer): void {
    if (this.#taken?.body.add(bytes) === false) this.#taken = null
  }

  /** The answer is whole. */
  keep(): void {
    if (this.#taken === null) return
    const { copy, body } = this.#taken
    this.#taken = null
    const content = copy.method === 'HEAD' ? null : body.whole()
    const same = this.#matching().filter((old) => old.method === copy.method)
    this.#keeping.copies.put({ ...copy, body: content, bytes: copy.bytes + (content?.length ?? 0) }, same)
  }

  /** It will not become whole. Also after `keep`. */
  drop(): void {
    this.#taken?.body.drop()
    this.#taken = null
  }

  /** In place of the answer that did not come. */
  rescue(): StaleAnswer | null {
    if (!this.#reads() || !takesCopies(this.#request())) return null
    const { copies, staleMs } = this.#keeping
    const copy = this.#matching().find((one) => isUsable(one.rule, staleMs))
    if (copy === undefined) return null
    copies.touch(copy)
    return answerFrom(copy, this.#request())
  }

  #reads(): boolean {
    return (this.#head.method === 'GET' || this.#head.method === 'HEAD') && this.#head.upgrade === null
  }

  #request(): Asked {
    this.#asked ??= readRequest(this.#head, this.#lines)
    return this.#asked
  }

  /** Copies that answer this request, however old; a GET answers a HEAD too. */
  #matching(): Copy[] {
    const asked = this.#request()
    return this.#keeping.copies.of(this.#place.key).filter((copy) => (copy.method === 'GET' || asked.method === 'HEAD') && answers(copy.rule, { ...asked, method: copy.method }))
  }
}

const safe = new Set(['GET', 'HEAD', 'OPTIONS'])
/** Parts, and answers that are about this moment or this caller and not about what was asked for. */
const saysNothing = new Set([206, 408, 416, 425, 429])

/** Faults of an app for which a copy may stand in (RFC 5861 §4). */
export function isFault(status: number): boolean {
  return status === 500 || status === 502 || status === 503 || status === 504
}
