import { backoffMs } from '#base/backoff.ts'

/**
 * The circuit of one edge, as a pure state machine: a caller whose calls mostly fail at us is told so at once, instead of
 * holding its own requests while each waits for a time-out.
 *
 *   closed ──most calls of the window failed──► open ──its time is over, or an instance has become ready──► half-open (one trial)
 *     ▲                                          ▲                                                             │
 *     └────────────── the trial passed ──────────┴──────────────── the trial failed, or nobody knows ──────────┘
 *
 * A call fails when we had to answer for the service; what an app answers, a 500 too, is an answer. Times are monotonic ms.
 */
export type Circuit =
  | { state: 'closed' }
  | { state: 'open'; sinceMs: number; untilMs: number; /** In a row, this one included. */ openings: number }
  | { state: 'half-open'; openings: number }

export type CircuitEvent =
  /** A call wants to pass; `readyMs`: when an instance of the service last became ready. */
  | { t: 'asked'; readyMs: number }
  /** A call ended while the circuit was closed; the counts of the window with it. */
  | { t: 'counted'; calls: number; failed: number }
  /** The trial ended. `unknown`: its caller left. */
  | { t: 'tried'; outcome: CallOutcome }

export type CallOutcome = 'passed' | 'failed' | 'unknown'

export const closed: Circuit = { state: 'closed' }
const leastCalls = 20
const firstOpenMs = 5_000
const longestOpenMs = 30_000

export function nextCircuit(circuit: Circuit, event: CircuitEvent, nowMs: number): Circuit {
  if (event.t === 'asked') {
    const over = circuit.state === 'open' && (nowMs >= circuit.untilMs || event.readyMs > circuit.sinceMs)
    return over ? { state: 'half-open', openings: circuit.openings } : circuit
  }
  if (event.t === 'counted') {
    return circuit.state === 'closed' && event.calls >= leastCalls && event.failed * 2 > event.calls ? open(1, nowMs) : circuit
  }
  if (circuit.state !== 'half-open') return circuit
  if (event.outcome === 'passed') return closed
  if (event.outcome === 'failed') return open(circuit.openings + 1, nowMs)
  return { state: 'open', sinceMs: nowMs, untilMs: nowMs, openings: circuit.openings }
}

function open(openings: number, nowMs: number): Circuit {
  return { state: 'open', sinceMs: nowMs, untilMs: nowMs + backoffMs(firstOpenMs, longestOpenMs, openings - 1), openings }
}
