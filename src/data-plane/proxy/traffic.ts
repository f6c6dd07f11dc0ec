import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { join } from 'node:path'
import { messageOf } from '#base/errors.ts'
import { newId } from '#base/ids.ts'
import type { TrafficBatch, TrafficCount } from '#contract/wire.ts'
import { replaceFile } from '../durable-file.ts'
import type { LinkLog } from '../link.ts'

/**
 * Hands the counts of every period to control. A batch is a file until control has answered 2xx; its id makes it
 * counted once however often it is sent. While control is away at most `maxBatches` are kept, the newest.
 */
export type TrafficOptions = {
  folder: string
  machine: string
  /** `http://…/internal/traffic`; null: nobody to tell, so nothing is kept. */
  url: string | null
  token: string
  periodMs?: number
  maxBatches?: number
  log: LinkLog
  take(): TrafficCount[]
}

const postMs = 10_000

export class TrafficSpool {
  readonly #options: Required<Omit<TrafficOptions, 'url'>> & { url: string | null }
  readonly #timer: NodeJS.Timeout
  #from = new Date()
  #sending: Promise<void> | null = null
  #complained = false
  #closed = false

  constructor(options: TrafficOptions) {
    this.#options = { periodMs: 10_000, maxBatches: 2_000, ...options }
    mkdirSync(options.folder, { recursive: true, mode: 0o700 })
    this.#timer = setInterval(() => void this.tick(), this.#options.periodMs)
  }

  /** Closes the current period, and sends what there is. */
  async tick(): Promise<void> {
    if (this.#options.url === null) return
    await this.#store().catch((error: unknown) => this.#complain(messageOf(error)))
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = null
    })
    await this.#sending
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#closed = true
    await this.#store().catch(() => {})
    await this.#sending
  }

  async #store(): Promise<void> {
    const counts = this.#options.take()
    const from = this.#from
    const to = new Date()
    this.#from = to
    if (counts.length === 0) return
    const id = newId('trf', to)
    const batch: TrafficBatch = { machine: this.#options.machine, id, from: from.toISOString(), to: to.toISOString(), counts }
    await replaceFile(join(this.#options.folder, `${id}.json`), JSON.stringify(batch), { sync: true })
    for (const old of this.#stored().slice(0, -this.#options.maxBatches)) rmSync(join(this.#options.folder, old), { force: true })
  }

  /** Names of the batches, oldest first: ids sort by time. */
  #stored(): string[] {
    return readdirSync(this.#options.folder)
      .filter((name) => name.endsWith('.json'))
      .sort()
  }

  async #sendAll(): Promise<void> {
    for (const name of this.#stored()) {
      if (this.#closed || !(await this.#send(join(this.#options.folder, name)))) return
    }
  }

  /** False: control is away, later. */
  async #send(path: string): Promise<boolean> {
    try {
      const status = await this.#post(await readFile(path))
      const stored = status >= 200 && status < 300
      const hopeless = status === 400 || status === 413 || status === 422
      if (!stored) this.#complain(`control answered ${status}${hopeless ? `, dropping ${path}` : ''}`)
      if (!stored && !hopeless) return false
      rmSync(path, { force: true })
      if (stored) this.#complained = false
      return true
    } catch (error) {
      this.#complain(messageOf(error))
      return false
    }
  }

  /** Resolves to the status. By node:http, which the link has loaded anyway: `fetch` would cost 15 MB resident. */
  #post(body: Buffer): Promise<number> {
    const { url, token } = this.#options
    return new Promise((resolve, reject) => {
      const options = {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'content-length': body.length },
        timeout: postMs,
        agent: false,
      }
      const post = (url as string).startsWith('https:') ? httpsRequest : httpRequest
      const request = post(url as string, options, (response) => {
        response.resume()
        response.on('end', () => resolve(response.statusCode ?? 0))
        response.on('error', reject)
      })
      request.on('timeout', () => request.destroy(new Error(`no answer within ${postMs} ms`)))
      request.on('error', reject)
      request.end(body)
    })
  }

  #complain(because: string): void {
    if (!this.#complained) this.#options.log('warn', `traffic counts wait on disk: ${because}`)
    this.#complained = true
  }
}
