/** Times for a person: relative and coarse by default, exact with `--long`. */

/** `12 s ago`, `4 min ago`, `in 3 d`; `exact` = local time with its zone. Null stays null, and so does what a control that is older does not tell yet. */
export function when(iso: string | null | undefined, now: Date, exact = false): string | null {
  if (iso === null || iso === undefined) return null
  if (exact) return localTime(iso)
  const ms = now.getTime() - new Date(iso).getTime()
  if (Math.abs(ms) < 2000) return 'just now'
  return ms >= 0 ? `${coarse(ms)} ago` : `in ${coarse(-ms)}`
}

/** How long since: `12 s`, `4 min`, `3 h`, `2 d`. Null stays null. */
export function since(iso: string | null | undefined, now: Date): string | null {
  return iso === null || iso === undefined ? null : coarse(Math.max(0, now.getTime() - new Date(iso).getTime()))
}

function coarse(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 2 * 86_400) return `${Math.floor(seconds / 3600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

const two = (value: number): string => String(value).padStart(2, '0')

/** `2026-03-29 02:30:00 +01:00` in the zone of this machine. */
export function localTime(iso: string): string {
  const time = new Date(iso)
  const offset = -time.getTimezoneOffset()
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`
  return `${localDay(time)} ${localClock(time)} ${zone}`
}

export function localDay(time: Date): string {
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
}

export function localClock(time: Date): string {
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`
}
