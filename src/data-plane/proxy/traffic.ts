import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isAppError, messageOf } from '#base/errors.ts'
import { newId } from '#base/ids.ts'
import type { TrafficBatch, TrafficCount } from '#contract/wire.ts'
import type { ControlClient } from '../control-client.ts'
import { replaceFile } from '../durable-file.ts'
import type { LinkLog } from '../link.ts'

/**
 * Hands the counts of every period to control. A batch is a file until control has answered 2xx; its id makes it
 * counted once however often it is sent. While control is away at most `maxBatches` are kept, the newest.
 */
export type TrafficOptions = {
  folder: string
  machine: string
  /** Null: nobody to tell, so nothing is kept. */
  control: Pick<ControlClient, 'post'> | null
  periodMs?: number
  maxBatches?: number
  log: LinkLog
  take(): TrafficCount[]
  /** What is waited for: it is handed over each `youngPeriodMs`. */
  takeYoung(): TrafficCount[]
  youngPeriodMs?: number
}

export class TrafficSpool {
  readonly #options: Required<TrafficOptions>
  readonly #timers: NodeJS.Timeout[]
  #from = new Date()
  #youngFrom = new Date()
  #sending: Promise<void> | null = null
  #complained = false
  #closed = false

  constructor(options: TrafficOptions) {
    this.#options = { periodMs: 10_000, youngPeriodMs: 1_000, maxBatches: 2_000, ...options }
    mkdirSync(options.folder, { recursive: true, mode: 0o700 })
    this.#timers = [setInterval(() => void this.tick(), this.#options.periodMs), setInterval(() => void this.tick(true), this.#options.youngPeriodMs)]
  }

  /** Closes the current period, and sends what there is. */
  async tick(young = false): Promise<void> {
    if (this.#options.control === null) return
    await this.#store(young).catch((error: unknown) => this.#complain(messageOf(error)))
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = null
    })
    await this.#sending
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    this.#closed = true
    await this.#store(false).catch(() => {})
    await this.#sending
  }

  async #store(young: boolean): Promise<void> {
    const counts = young ? this.#options.takeYoung() : this.#options.take()
    const from = young ? this.#youngFrom : this.#from
    const to = new Date()
    this.#youngFrom = to
    if (!young) this.#from = to
    if (counts.length === 0) return
    const id = newId('trf', to)
    const batch: TrafficBatch = { machine: this.#options.machine, id, from: from.toISOString(), to: to.toISOString(), ...(young ? { young } : {}), counts }
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
    if (this.#closed) return
    for (const name of this.#stored()) {
      if (this.#closed || !(await this.#send(join(this.#options.folder, name)))) return
    }
  }

  /** False: control is away, later. */
  async #send(path: string): Promise<boolean> {
    try {
      const batch = JSON.parse(await readFile(path, 'utf8')) as TrafficBatch
      await this.#options.control?.post('/internal/traffic', { ...batch, sentAt: new Date().toISOString() } satisfies TrafficBatch)
      rmSync(path, { force: true })
      this.#complained = false
    } catch (error) {
      const hopeless = isAppError(error, 'invalid') || error instanceof SyntaxError
      this.#complain(`${messageOf(error)}${hopeless ? `, dropping ${path}` : ''}`)
      if (!hopeless) return false
      rmSync(path, { force: true })
    }
    return true
  }

  #complain(because: string): void {
    if (!this.#complained) this.#options.log('warn', `traffic counts wait on disk: ${because}`)
    this.#complained = true
  }
}
