import type { Clock } from '#base/clock.ts'
import type { Database } from '#kernel/db/db.ts'
import type { Handlers } from '#kernel/handlers.ts'
import type { Logger } from '#kernel/log.ts'
import type { Loop } from '#kernel/loop.ts'
import { readRelease } from '#run/releases/read.ts'
import type { Archive } from './archive/port.ts'
import { createArchiveReader } from './archive/reader.ts'
import { keepingRoutes } from './keeping/routes.ts'
import { startLogSealing, startLogTidying } from './loop.ts'
import type { LogReader } from './port.ts'
import { createLogReader } from './read.ts'
import { logRoutes } from './routes.ts'
import { type LogWriter, createLogWriter } from './service.ts'

export type Logs = { writer: LogWriter; reader: LogReader; handlers: Handlers; start(): Loop[]; close(): Promise<void> }

/** Log lines as a whole. `archive`: where sealed ones go; undefined: they stay here. */
export function openLogs({ db, log, clock, archive }: { db: Database; log: Logger; clock: Clock; archive: Archive | undefined }): Logs {
  const writer = createLogWriter(db, clock)
  const reader = archive === undefined ? createLogReader(db) : createArchiveReader(db, archive)
  return {
    writer,
    reader,
    handlers: { ...logRoutes(reader, (app, environment, number) => readRelease(db, app, environment, number)), ...keepingRoutes(db) },
    start: () => [
      startLogSealing(db, { archive, onError: (error) => log.error({ err: error }, 'sealing of logs failed') }),
      startLogTidying(db, { archive, onError: (error) => log.error({ err: error }, 'tidying of logs failed') }),
    ],
    async close() {
      reader.close()
      archive?.close()
      await writer.close()
    },
  }
}
