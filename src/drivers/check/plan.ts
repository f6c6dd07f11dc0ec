/**
 * When a check is due: at `offset + n × every` since 1970, so that no run moves the next one, and restarts change nothing.
 * The offset comes from the name of the check and its vantage point, so that checks of one interval spread evenly. Pure.
 */
import { createHash } from 'node:crypto'

/** 0 ≤ offset < everyMs, whole milliseconds. */
export function offsetOf(check: string, vantage: string, everyMs: number): number {
  return createHash('sha256').update(`${check}\n${vantage}`).digest().readUIntBE(0, 6) % everyMs
}

/** The first due time after `afterMs`. */
export function nextDue(offsetMs: number, everyMs: number, afterMs: number): number {
  return offsetMs + (Math.floor((afterMs - offsetMs) / everyMs) + 1) * everyMs
}

/** What is due further off than an interval was planned before the clock was set back: nobody would look until it is that time again. */
export function stillDue(dueMs: number, offsetMs: number, everyMs: number, nowMs: number): number {
  return dueMs > nowMs + everyMs ? nextDue(offsetMs, everyMs, nowMs) : dueMs
}
