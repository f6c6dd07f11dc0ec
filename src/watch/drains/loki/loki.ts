/**
 * Loki's push API (`POST /loki/api/v1/push`, JSON). Labels are few and of few values; a line's time is made its own by its place in the
 * order of arrival, because Loki takes two equal lines of one time for one, and so a repetition is one too.
 */
import type { LogLine } from '#contract/model.ts'
import { openPost } from '../post.ts'
import type { DrainKind } from '../port.ts'

export const lokiDrain: DrainKind = {
  name: 'loki',
  schemes: ['loki+https', 'loki+http'],
  example: 'loki+https://loki.example.com',
  open(target) {
    const url = new URL(target.url.href.replace(/^loki\+/, ''))
    if (url.pathname === '/') url.pathname = '/loki/api/v1/push'
    const { post, close } = openPost(target, url)
    return { send: (lines, signal) => post(JSON.stringify(lokiPush(lines)), 'application/json', signal), close }
  },
}

export function lokiPush(lines: readonly LogLine[]) {
  const streams = new Map<string, { stream: Record<string, string>; values: [string, string][] }>()
  for (const { app, environment, service, instance, stream, level, at, text, cursor } of lines) {
    const labels = { job: 'nightshift', app, environment, service, instance, stream, level }
    const key = Object.values(labels).join('\0')
    const found = streams.get(key) ?? { stream: labels, values: [] as [string, string][] }
    streams.set(key, found)
    found.values.push([`${BigInt(Date.parse(at)) * 1_000_000n + BigInt(placeOf(cursor) % 1_000_000)}`, text])
  }
  return { streams: [...streams.values()] }
}

/** The last ten characters of a cursor are the line's place in the order of arrival, in base 36. */
function placeOf(cursor: string): number {
  return Number.parseInt(cursor.slice(-10), 36) || 0
}
