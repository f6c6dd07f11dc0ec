import { AppError } from '#base/errors.ts'
import { type LogStream, logStreams } from '#contract/wire.ts'
import type { Handlers } from '#kernel/handlers.ts'
import { contextOf } from './context.ts'
import { countWindow } from './counts.ts'
import type { LogQuery } from './model.ts'
import { findPatterns } from './patterns/patterns.ts'
import { type LogReader, defaultStreams } from './port.ts'
import { mentions } from './query/ast.ts'
import { parseQuery } from './query/parser.ts'

const hourMs = 3_600_000

/** `assertRelease`: rejects where the app has none with this number. */
export function logRoutes(reader: LogReader, assertRelease: (app: string, environment: string, number: number) => Promise<unknown>): Handlers {
  return {
    'logs.list': ({ query }, { caller }) => {
      const { since, until, before, after, limit } = query
      return reader.read({ ...askedOf(query, caller.apps), before, after, limit, since: dateOf(since), until: dateOf(until) })
    },
    'logs.stream': async function* ({ query }, { caller, signal, lastEventId }) {
      const lines = reader.stream(askedOf(query, caller.apps), { after: lastEventId ?? query.after, backlog: query.backlog, signal })
      for await (const line of lines) yield { id: line.cursor, data: line }
    },
    'logs.counts': async ({ query }, { caller, now }) => {
      const window = countWindow(...spanOf(query, now, hourMs), query.steps)
      const { counts, partialBefore } = await reader.counts(askedOf(query, caller.apps), window)
      return { since: window.since.toISOString(), until: window.until.toISOString(), stepMs: window.stepMs, partialBefore: partialBefore?.toISOString() ?? null, counts: counts.map((one) => ({ ...one, at: one.at.toISOString() })) }
    },
    'logs.context': ({ query }, { caller }) => contextOf(reader.read, caller.apps, query),
    'logs.patterns': async ({ query }, { caller, now }) => {
      const newSince = query.newSince === undefined ? undefined : Number(query.newSince.replace('v', ''))
      if (newSince !== undefined && query.app === undefined) throw new AppError('invalid', 'releases are counted by app: say which app "newSince" means (app=NAME)')
      const asked = askedOf(query, caller.apps)
      if (newSince !== undefined && query.app !== undefined && (caller.apps === null || caller.apps.includes(query.app))) await assertRelease(query.app, query.environment ?? 'production', newSince)
      const [since, until] = spanOf(query, now, hourMs)
      const from = newSince !== undefined && query.since === undefined ? undefined : since
      const { since: lookedFrom, ...found } = await findPatterns(reader.read, { query: asked, since: from, until, newSince, limit: query.limit })
      return { ...found, since: lookedFrom.toISOString(), until: until.toISOString() }
    },
  }
}

type Asked = { q?: string | undefined; streams?: string | undefined } & Pick<LogQuery, 'app' | 'environment' | 'service' | 'instance' | 'level' | 'text'>

function askedOf({ q, streams, app, environment, service, instance, level, text }: Asked, apps: LogQuery['apps']): LogQuery {
  const where = parseQuery(q ?? '')
  const named = streams === undefined || streams === '' ? undefined : parseStreams(streams)
  return { apps, app, environment, service, instance, level, text, where, streams: named ?? (where !== null && mentions(where, 'stream') ? undefined : defaultStreams) }
}

function dateOf(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text)
}

function spanOf({ since, until }: { since?: string | undefined; until?: string | undefined }, now: Date, defaultMs: number): [Date, Date] {
  const to = dateOf(until) ?? now
  const from = dateOf(since) ?? new Date(to.getTime() - defaultMs)
  if (from >= to) throw new AppError('invalid', `since ${from.toISOString()} is not before until ${to.toISOString()}, so nothing lies between them`)
  return [from, to]
}

function parseStreams(text: string): readonly LogStream[] {
  return text.split(',').map((name) => {
    const stream = logStreams.find((known) => known === name.trim())
    if (!stream) throw new AppError('invalid', `"${name}" is not a stream of logs (they are ${logStreams.join(', ')})`)
    return stream
  })
}
