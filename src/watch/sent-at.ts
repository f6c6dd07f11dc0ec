/** Below this the difference may be the way here, or a clock that is good enough. */
const leastMs = 2_000
/** A machine without a clock of its own begins in 1970; what is beyond this is no clock. */
const mostMs = 100 * 365 * 86_400_000

/** How far the sender's clock is behind ours (negative: ahead), from what it called the moment of sending; 0 where it does not say. */
export function behindMs(sentAt: unknown, now: Date): number {
  const ms = typeof sentAt === 'string' ? now.getTime() - Date.parse(sentAt) : 0
  return Math.abs(ms) >= leastMs && Math.abs(ms) <= mostMs ? ms : 0 // a time that is none compares to nothing
}
