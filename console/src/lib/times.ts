/** Times for a person: relative in the text, exact with the zone on hover. All inputs are ISO 8601. */

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

export function relativeTime(iso: string, now: number): string {
  const distance = now - Date.parse(iso)
  const past = distance >= 0
  const size = Math.abs(distance)
  const text =
    size < 5 * second ? null : size < minute ? `${Math.round(size / second)} s` : size < hour ? `${Math.floor(size / minute)} min` : size < day ? `${Math.floor(size / hour)} h` : size < 60 * day ? `${Math.floor(size / day)} d` : size < 730 * day ? `${Math.round(size / (30.44 * day))} months` : `${Math.floor(size / (365.25 * day))} years`
  if (text === null) return past ? 'just now' : 'in a moment'
  return past ? `${text} ago` : `in ${text}`
}

const exact = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'short' })
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const clockSeconds = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const date = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long' })
const shortDate = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })

export const exactTime = (iso: string) => exact.format(new Date(iso))
export const clockTime = (iso: string) => clock.format(new Date(iso))
export const clockTimeSeconds = (iso: string) => clockSeconds.format(new Date(iso))
const digits = (value: number, count: number) => String(value).padStart(count, '0')
/** `03:07:41.220`, for log lines: written by hand, because hundreds of them a second scroll by. */
export function logTime(iso: string): string {
  const at = new Date(iso)
  return `${digits(at.getHours(), 2)}:${digits(at.getMinutes(), 2)}:${digits(at.getSeconds(), 2)}.${digits(at.getMilliseconds(), 3)}`
}
export const longDate = (iso: string) => date.format(new Date(iso))
/** What stands in the margin: the clock today, the date before. */
export const marginTime = (iso: string, now: number) => (now - Date.parse(iso) < 20 * hour ? clock.format(new Date(iso)) : shortDate.format(new Date(iso)))

const dayMinutes = 1440
const shortDateTime = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })

/** On the axis of a graph that shows so many minutes: the clock, or the date where a day begins. Milliseconds since 1970. */
export function axisTime(ms: number, minutes: number): string {
  const at = new Date(ms)
  return minutes >= dayMinutes && at.getHours() === 0 && at.getMinutes() === 0 ? shortDate.format(at) : clock.format(at)
}

/** At the pointer of such a graph. */
export const readoutTime = (ms: number, minutes: number) => (minutes > dayMinutes ? shortDateTime : clockSeconds).format(new Date(ms))

/** `10 Mar, 03:10`. */
export const shortTime = (iso: string) => shortDateTime.format(new Date(iso))

/** `10 Mar, 03:10 to 03:40`, or both with their dates. Milliseconds since 1970. */
export function shortSpan(from: number, to: number): string {
  const [one, other] = [new Date(from), new Date(to)]
  return `${shortDateTime.format(one)} to ${(one.toDateString() === other.toDateString() ? clock : shortDateTime).format(other)}`
}
