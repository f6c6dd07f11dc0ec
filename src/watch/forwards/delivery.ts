/** One forward's requests: sent, tried again, split or given up as `plan.ts` of drains says, with what came of it kept in the database. */
import { type Clock, sleep } from '#base/clock.ts'
import type { Database } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import { type DrainState, type Step, afterDropped, afterFailure, afterSent, isTooOld, waitMs } from '#watch/drains/plan.ts'
import { DeliveryError } from '#watch/drains/port.ts'
import { type ForwardRow, words } from './model.ts'
import type { ForwardSender } from './sender.ts'
import { saveState } from './store.ts'
import type { OutgoingSeries } from './wire.ts'

export class Delivery {
  readonly #deps: { db: Database; clock: Clock }
  readonly #row: ForwardRow
  readonly #sender: ForwardSender
  readonly #signal: AbortSignal
  #state: DrainState

  constructor(deps: { db: Database; clock: Clock }, row: ForwardRow, sender: ForwardSender, signal: AbortSignal) {
    this.#deps = deps
    this.#row = row
    this.#sender = sender
    this.#signal = signal
    this.#state = row
  }

  /** Until every sample is sent or given up. False: the forward is gone. */
  async deliver(series: readonly OutgoingSeries[]): Promise<boolean> {
    const parts = [series]
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
      const wait = waitMs(this.#state, this.#deps.clock.now())
      if (wait > 0) await sleep(wait, this.#signal)
      const now = this.#deps.clock.now()
      const young = part.map((one) => ({ ...one, points: one.points.filter(({ atMs }) => !isTooOld(this.#state, atMs, now)) })).filter(({ points }) => points.length > 0)
      const old = countOf(part) - countOf(young)
      if (old > 0 && !(await this.#save(afterDropped(this.#state, old, now, words)))) return false
      if (young.length === 0) continue
      const { step, left } = await this.#try(young)
      parts.unshift(...left)
      if (step !== null && !(await this.#save(step))) return false
    }
    return true
  }

  async #try(part: readonly OutgoingSeries[]): Promise<{ step: Step | null; left: (readonly OutgoingSeries[])[] }> {
    const count = countOf(part)
    try {
      await this.#sender.send(part, this.#signal)
      return { step: afterSent(this.#state, count, this.#deps.clock.now(), words), left: [] }
    } catch (error) {
      if (!(error instanceof DeliveryError)) throw error
      const now = this.#deps.clock.now()
      if (error.verdict === 'again') return { step: afterFailure(this.#state, error, now, words), left: [part] }
      if (error.verdict === 'smaller' && count > 1) return { step: null, left: halves(part) }
      const { state, told } = afterDropped(this.#state, count, now, words)
      return { step: { state: { ...state, last_error: error.message.slice(0, 500) }, told }, left: [] }
    }
  }

  async #save({ state, told }: Step): Promise<boolean> {
    const { id, shown } = this.#row
    const { db, clock } = this.#deps
    this.#state = state
    return db.transaction(async (tx) => {
      const there = await saveState(tx, id, state)
      for (const { kind, because } of there ? told : []) await record(tx, { at: clock.now(), kind, actor: { kind: 'system', name: 'forwards' }, app: null, summary: `metrics to ${shown}: ${because}`, data: { forward: id } })
      return there
    })
  }
}

export const countOf = (series: readonly OutgoingSeries[]) => series.reduce((sum, { points }) => sum + points.length, 0)

/** In order: of one series, the earlier points are in the first half. */
function halves(part: readonly OutgoingSeries[]): (readonly OutgoingSeries[])[] {
  const [only] = part
  const middle = Math.ceil(part.length / 2)
  if (part.length > 1 || only === undefined) return [part.slice(0, middle), part.slice(middle)]
  const cut = Math.ceil(only.points.length / 2)
  return [[{ ...only, points: only.points.slice(0, cut) }], [{ ...only, points: only.points.slice(cut) }]]
}
