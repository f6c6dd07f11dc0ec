/**
 * One drain at work: lines in the order of arrival after its cursor, batch by batch. The cursor moves in the database once a batch is
 * sent, so after a kill the last batch may be sent again, and none is left out. While the receiver fails, one batch is held and the store
 * keeps the rest.
 */
import { type Clock, sleep } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import type { LogLine } from '#contract/model.ts'
import type { Database } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import type { Logger } from '#kernel/log.ts'
import { type Pump, runPump } from '#watch/pumps.ts'
import { type BatchLimits, Collector } from './collector.ts'
import type { DrainRow } from './model.ts'
import { type DrainState, type Step, afterDropped, afterFailure, afterSent, isTooOld, waitMs } from './plan.ts'
import { DeliveryError, type Sender } from './port.ts'
import { readDrain } from './read.ts'
import { saveProgress } from './store.ts'

export type DrainLines = (app: string | undefined, after: string, signal: AbortSignal) => AsyncGenerator<LogLine>

export type PumpDeps = { db: Database; lines: DrainLines; clock: Clock; log: Logger; limits?: BatchLimits }

const defaultLimits: BatchLimits = { lines: 1000, chars: 1_000_000, lingerMs: 200 }
/** What is refused for good is tried once more in parts of so many lines, so that one bad line costs no more than these. */
const smallPart = 100

export function startPump(deps: PumpDeps, id: string, sender: Sender): Pump {
  return runPump({
    work: (signal) => pumpOnce(deps, id, sender, signal),
    onBroken: (error) => deps.log.warn({ drain: id, error: messageOf(error) }, 'a drain broke off; it goes on from its cursor'),
    onClosed: () => sender.close(),
  })
}

/** Until the stream of lines ends. False: the drain is gone. */
async function pumpOnce(deps: PumpDeps, id: string, sender: Sender, signal: AbortSignal): Promise<boolean> {
  const row = await readDrain(deps.db, id)
  if (!row) return false
  const collector = new Collector(deps.lines(row.app ?? undefined, row.cursor, signal))
  const drain = new Delivery(deps, row, sender, signal)
  for (;;) {
    const batch = await collector.take(deps.limits ?? defaultLimits)
    if (batch.length === 0) return true
    if (!(await drain.deliver(batch))) return false
  }
}

class Delivery {
  readonly #deps: PumpDeps
  readonly #row: DrainRow
  readonly #sender: Sender
  readonly #signal: AbortSignal
  #state: DrainState
  #cursor: string

  constructor(deps: PumpDeps, row: DrainRow, sender: Sender, signal: AbortSignal) {
    this.#deps = deps
    this.#row = row
    this.#sender = sender
    this.#signal = signal
    this.#state = row
    this.#cursor = row.cursor
  }

  /** Until every line is sent or given up. False: the drain is gone. */
  async deliver(batch: readonly LogLine[]): Promise<boolean> {
    let rest = batch
    let most = batch.length
    while (rest.length > 0) {
      const now = this.#deps.clock.now()
      const wait = waitMs(this.#state, now)
      if (wait > 0) await sleep(wait, this.#signal)
      const old = rest.findIndex((line) => !isTooOld(this.#state, Date.parse(line.at), now))
      if (old !== 0) {
        const gone = old === -1 ? rest.length : old
        if (!(await this.#save(afterDropped(this.#state, gone, now), rest[gone - 1]))) return false
        rest = rest.slice(gone)
        continue
      }
      const part = rest.slice(0, most)
      const [step, taken, next] = await this.#try(part)
      most = next
      if (step !== undefined && !(await this.#save(step, part[taken - 1]))) return false
      rest = rest.slice(taken)
    }
    return true
  }

  /** What comes of sending these: the step, how many lines are done with, and how many to send at most from now on. */
  async #try(part: readonly LogLine[]): Promise<[Step | undefined, number, number]> {
    try {
      await this.#sender.send(part, this.#signal)
      return [afterSent(this.#state, part.length, this.#deps.clock.now()), part.length, part.length]
    } catch (error) {
      if (!(error instanceof DeliveryError)) throw error
      const now = this.#deps.clock.now()
      const smaller = error.verdict === 'smaller' ? Math.floor(part.length / 2) : part.length > smallPart ? smallPart : 0
      if (error.verdict === 'again') return [afterFailure(this.#state, error, now), 0, part.length]
      if (smaller > 0) return [undefined, 0, smaller]
      const { state, told } = afterDropped(this.#state, part.length, now)
      return [{ state: { ...state, last_error: error.message }, told }, part.length, part.length]
    }
  }

  async #save({ state, told }: Step, last: LogLine | undefined): Promise<boolean> {
    const { id, app, shown } = this.#row
    const cursor = last?.cursor ?? this.#cursor
    const saved = await this.#deps.db.transaction(async (tx) => {
      const there = await saveProgress(tx, id, cursor, state)
      for (const { kind, because } of there ? told : [])
        await record(tx, { at: this.#deps.clock.now(), kind, actor: { kind: 'system', name: 'drains' }, app, summary: `drain to ${shown}: ${because}`, data: { drain: id } })
      return there
    })
    this.#state = state
    this.#cursor = cursor
    return saved
  }
}
