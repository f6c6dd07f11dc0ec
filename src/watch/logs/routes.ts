import { AppError } from '#base/errors.ts'
import { type LogStream, logStreams } from '#contract/wire.ts'
import type { Handlers } from '#kernel/handlers.ts'
import { type LogReader, defaultStreams } from './read.ts'

export function logRoutes(reader: LogReader): Handlers {
  return {
    'logs.list': ({ query }, { caller }) => {
      const { since, until, streams, ...rest } = query
      return reader.read({ ...rest, apps: caller.apps, streams: parseStreams(streams), since: since === undefined ? undefined : new Date(since), until: until === undefined ? undefined : new Date(until) })
    },
    'logs.stream': async function* ({ query }, { caller, signal, lastEventId }) {
      const { streams, after, backlog, ...rest } = query
      const lines = reader.stream({ ...rest, apps: caller.apps, streams: parseStreams(streams) }, { after: lastEventId ?? after, backlog, signal })
      for await (const line of lines) yield { id: line.cursor, data: line }
    },
  }
}

/** `stdout,stderr` → a list; nothing → what is shown by default. */
function parseStreams(text: string | undefined): readonly LogStream[] {
  if (text === undefined || text === '') return defaultStreams
  return text.split(',').map((name) => {
    const stream = logStreams.find((known) => known === name.trim())
    if (!stream) throw new AppError('invalid', `"${name}" is not a stream of logs (they are ${logStreams.join(', ')})`)
    return stream
  })
}
