/**
 * A control loop: observe → plan → apply, without input. A wake-up is a hint ("something may have changed"); the loop
 * reads everything again, and its period finds what no wake-up told. It never retries inside a turn: the next turn is
 * the retry, decided by `plan` from what it sees. (The doctrine of input-free reconcilers: omicron `background/mod.rs`.)
 *
 * One turn at a time; wake-ups during a turn lead to exactly one more. A turn that throws is recorded and the loop goes on.
 */
import { type Clock, systemClock } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'

export type TurnReport = {
  /** What was done, each with its because. */
  actions: string[]
  /** What is being waited for, each with its because. */
  waiting: string[]
}

export type LoopStatus = TurnReport & { name: string; startedAt: string; tookMs: number; turns: number; errors: string[] }

export type Loop = {
  readonly name: string
  /** Asks for a turn soon. Cheap; call it as often as you like. */
  wake(): void
  status(): LoopStatus
  /** Stops after the turn under way. */
  close(): Promise<void>
}

export type LoopOptions = {
  name: string
  periodMs: number
  turn: (now: Date, signal: AbortSignal) => Promise<TurnReport>
  onError?: (error: unknown) => void
  clock?: Clock
}

export function startLoop({ name, periodMs, turn, onError, clock = systemClock }: LoopOptions): Loop {
  const stop = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let again = false
  let status: LoopStatus = { name, startedAt: clock.now().toISOString(), tookMs: 0, turns: 0, actions: [], waiting: [], errors: [] }

  async function run() {
    const startedAt = clock.now()
    const started = performance.now()
    let report: TurnReport = { actions: [], waiting: [] }
    const errors: string[] = []
    try {
      report = await turn(startedAt, stop.signal)
    } catch (error) {
      if (!stop.signal.aborted) {
        errors.push(messageOf(error))
        onError?.(error)
      }
    }
    status = { name, startedAt: startedAt.toISOString(), tookMs: Math.round(performance.now() - started), turns: status.turns + 1, errors, ...report }
  }

  function wake() {
    if (stop.signal.aborted) return
    if (running !== undefined) {
      again = true
      return
    }
    clearTimeout(timer)
    again = false
    running = run().finally(() => {
      running = undefined
      if (stop.signal.aborted) return
      if (again) wake()
      else timer = setTimeout(wake, periodMs)
    })
  }

  wake()
  return {
    name,
    wake,
    status: () => status,
    async close() {
      stop.abort(new Error(`loop ${name} is closing`))
      clearTimeout(timer)
      await running
    },
  }
}
