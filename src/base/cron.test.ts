import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cronFault, nextTime, parseCron } from './cron.ts'

const berlin = 'Europe/Berlin'
/** The next `count` times, as the clock of the zone shows them. */
function times(text: string, zone: string, after: string, count: number): string[] {
  const shown: string[] = []
  let at = Date.parse(after)
  for (let nth = 0; nth < count; nth++) {
    at = nextTime(parseCron(text), zone, at) ?? assert.fail(`${text} ends`)
    shown.push(Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).toString({ timeZoneName: 'never', smallestUnit: 'minute' }))
  }
  return shown
}

test('fields are lists of values, ranges and steps, by number or name', () => {
  assert.deepEqual(times('*/20 9-10 * * *', 'UTC', '2026-11-28T09:39:00Z', 4), ['2026-11-28T09:40+00:00', '2026-11-28T10:00+00:00', '2026-11-28T10:20+00:00', '2026-11-28T10:40+00:00'])
  assert.deepEqual(times('0 3 * * mon-FRI', 'UTC', '2026-11-27T03:00:00Z', 2), ['2026-11-30T03:00+00:00', '2026-12-01T03:00+00:00'])
  assert.deepEqual(times('5,35 0 1 jan,7 *', 'UTC', '2026-11-28T00:00:00Z', 3), ['2027-01-01T00:05+00:00', '2027-01-01T00:35+00:00', '2027-07-01T00:05+00:00'])
  assert.deepEqual(times('@weekly', 'UTC', '2026-11-28T00:00:00Z', 1), ['2026-11-29T00:00+00:00'])
  assert.deepEqual(times('0 0 29 2 *', 'UTC', '2096-03-01T00:00:00Z', 1), ['2104-02-29T00:00+00:00'])
})

test('a day of the month and a day of the week: either is enough, unless one begins with *', () => {
  assert.deepEqual(times('0 0 13 * 5', 'UTC', '2026-11-01T00:00:00Z', 3), ['2026-11-06T00:00+00:00', '2026-11-13T00:00+00:00', '2026-11-20T00:00+00:00'])
  assert.deepEqual(times('0 0 */2 * 7', 'UTC', '2026-11-01T00:00:00Z', 2), ['2026-11-15T00:00+00:00', '2026-11-29T00:00+00:00'])
})

test('spring forward: a fixed time that is skipped comes right after the change; what repeats follows the clock', () => {
  assert.deepEqual(times('30 2 * * *', berlin, '2026-03-27T12:00:00Z', 3), ['2026-03-28T02:30+01:00', '2026-03-29T03:00+02:00', '2026-03-30T02:30+02:00'])
  assert.deepEqual(times('15,45 1-2 * * *', berlin, '2026-03-28T23:00:00Z', 4), ['2026-03-29T01:15+01:00', '2026-03-29T01:45+01:00', '2026-03-29T03:00+02:00', '2026-03-30T01:15+02:00'])
  assert.deepEqual(times('*/30 * * * *', berlin, '2026-03-29T00:00:00Z', 3), ['2026-03-29T01:30+01:00', '2026-03-29T03:00+02:00', '2026-03-29T03:30+02:00'])
  assert.deepEqual(times('*/30 2 * * *', berlin, '2026-03-28T12:00:00Z', 1), ['2026-03-30T02:00+02:00'])
})

test('fall back: a fixed time that comes twice is taken once, whichever of the two is now; what repeats follows the clock', () => {
  assert.deepEqual(times('30 2 * * *', berlin, '2026-10-25T01:00:00Z', 1), ['2026-10-26T02:30+01:00'])
  assert.deepEqual(times('30 2 * * *', berlin, '2026-10-24T12:00:00Z', 2), ['2026-10-25T02:30+02:00', '2026-10-26T02:30+01:00'])
  assert.deepEqual(times('30 2 * * *', berlin, '2026-10-25T01:10:00Z', 1), ['2026-10-26T02:30+01:00'])
  assert.deepEqual(times('0 2,3 * * *', berlin, '2026-10-24T22:30:00Z', 3), ['2026-10-25T02:00+02:00', '2026-10-25T03:00+01:00', '2026-10-26T02:00+01:00'])
  assert.deepEqual(times('0 * * * *', berlin, '2026-10-24T23:30:00Z', 3), ['2026-10-25T02:00+02:00', '2026-10-25T02:00+01:00', '2026-10-25T03:00+01:00'])
})

test('a change at midnight, one of half an hour, and a day that a zone left out', () => {
  assert.deepEqual(times('15 0 * * *', 'America/Santiago', '2026-09-05T00:00:00Z', 2), ['2026-09-05T00:15-04:00', '2026-09-06T01:00-03:00'])
  assert.deepEqual(times('45 1 * * *', 'Australia/Lord_Howe', '2026-04-04T00:00:00Z', 2), ['2026-04-05T01:45+11:00', '2026-04-06T01:45+10:30'])
  assert.deepEqual(times('0 3 * * *', 'Pacific/Apia', '2011-12-29T00:00:00Z', 3), ['2011-12-29T03:00-10:00', '2011-12-31T00:00+14:00', '2011-12-31T03:00+14:00'])
})

const field = (from: number, to: number) =>
  fc.oneof(
    { arbitrary: fc.constant('*'), weight: 2 },
    fc.integer({ min: from, max: to }).map(String),
    fc.tuple(fc.integer({ min: from, max: to }), fc.integer({ min: from, max: to }), fc.integer({ min: 1, max: 9 })).map(([a, b, step]) => `${Math.min(a, b)}-${Math.max(a, b)}/${step}`),
    fc.integer({ min: 2, max: 20 }).map((step) => `*/${step}`),
  )

/** What cron(5) says of one time in UTC, said again in another way. */
function fits(text: string): (at: Date) => boolean {
  const parts = text.split(' ')
  const [minutes, hours, days, , weekdays] = parts.map((part, nth) => {
    const [range = '', step = '1'] = part.split('/')
    const least = nth === 2 ? 1 : 0
    const [from = least, to = from] = range === '*' ? [least, 59] : range.split('-').map(Number)
    return (value: number) => value >= from && value <= to && (value - from) % Number(step) === 0
  }) as [(n: number) => boolean, (n: number) => boolean, (n: number) => boolean, unknown, (n: number) => boolean]
  const isEither = !parts[2]?.startsWith('*') && !parts[4]?.startsWith('*')
  return (at) => {
    const [byMonth, byWeek] = [days(at.getUTCDate()), weekdays(at.getUTCDay())]
    return minutes(at.getUTCMinutes()) && hours(at.getUTCHours()) && (isEither ? byMonth || byWeek : byMonth && byWeek)
  }
}

test('in a zone whose clocks never change, it is the first minute that fits', () =>
  fc.assert(
    fc.property(field(0, 59), field(0, 23), field(1, 31), field(0, 6), fc.integer({ min: 0, max: 2_000_000_000 }), (minute, hour, day, weekday, seconds) => {
      const text = [minute, hour, day, '*', weekday].join(' ')
      const isRight = fits(text)
      const found = nextTime(parseCron(text), 'UTC', seconds * 1000) ?? assert.fail(text)
      assert.ok(found > seconds * 1000 && isRight(new Date(found)), `${text} at ${new Date(found).toISOString()}`)
      const looked = Math.min(found, seconds * 1000 + 2 * 86_400_000)
      for (let at = Math.floor(seconds / 60) * 60_000 + 60_000; at < looked; at += 60_000) if (isRight(new Date(at))) assert.fail(`${text} fits ${new Date(at).toISOString()} before ${new Date(found).toISOString()}`)
    }),
    { numRuns: 300 },
  ))

test('in any zone it goes forward, a fixed time of the day comes once a day, and the clock shows it but at a change', () => {
  fc.assert(
    fc.property(fc.constantFrom(berlin, 'America/New_York', 'America/Santiago', 'Australia/Lord_Howe', 'Asia/Kolkata', 'Africa/Casablanca'), fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }), fc.integer({ min: 1_000_000_000, max: 2_000_000_000 }), (zone, hour, minute, seconds) => {
      const cron = parseCron(`${minute} ${hour} * * *`)
      const first = nextTime(cron, zone, seconds * 1000) as number
      const second = nextTime(cron, zone, first) as number
      assert.ok(first > seconds * 1000 && first - seconds * 1000 <= 26 * 3_600_000)
      const days = [first, second].map((at) => Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone))
      assert.equal(days[0]?.toPlainDate().until(days[1]?.toPlainDate() as Temporal.PlainDate).days, 1)
      for (const day of days) if (day.hour !== hour || day.minute !== minute) assert.equal(day.subtract({ nanoseconds: 1 }).offset === day.offset, false, `${day.toString()} is no change of the clocks`)
    }),
    { numRuns: 300 },
  )
})

test('what is no expression is refused with the field and the way out', () => {
  for (const [text, message] of [['0 3 * *', /five fields/], ['@reboot', /five fields/], ['0 0 3 * * *', /five fields/], ['61 * * * *', /minute from 0 to 59, and names "61"/], ['* * * foo *', /month from 1 to 12 or jan to dec, and names "foo"/], ['0 22-2 * * *', /write 22-23,0-2/], ['5/15 * * * *', /write 5-59\/15/], ['*/0 * * * *', /step/], ['0 0 L * *', /day of month/], ['0 0 30 2 *', /never does/], ['0 0 ? * *', /day of month/]] as const)
    assert.match(cronFault(text) ?? 'nothing', message, text)
  assert.equal(cronFault('0 3 * * 1-5'), null)
})
