import { join } from 'node:path'
import { answersQuery, embeddedUrl, ensurePostgres, findPostgres, stopPostgres } from '#kernel/postgres/embedded.ts'
import { identityOf, signal } from '#kernel/supervisor/identity.ts'
import { readJson, writeJsonIfRoom } from '#kernel/supervisor/json-file.ts'
import { rotateLog } from '#kernel/supervisor/log-file.ts'
import type { Managed } from '#kernel/supervisor/managed.ts'
import { type RunRecord, recordFile } from '#kernel/supervisor/node-process.ts'

const fingerprint = 'embedded'

/**
 * The embedded database under supervision: the server itself, without a process of ours beside it.
 * @param options.onPort  is told when it had to take another port than asked
 */
export function postgresProcess(options: { home: string; port: () => number; onPort: (port: number) => void; version: string }): Managed {
  const { home } = options
  const logFile = join(home, 'log', 'postgres.log')
  let starting = false
  return {
    name: 'postgres',
    fingerprint,
    needs: [],
    startupMs: 300_000, // recovery after a crash replays the write-ahead log
    hangMs: 60_000,
    probeEveryMs: 5000,
    logFile,
    async find() {
      if (starting) return undefined
      const found = await findPostgres(home)
      const identity = found && identityOf(found.pid)
      if (!identity) return undefined
      const record = readJson(recordFile(home, 'postgres'), (value) => value as RunRecord)
      const startedAt = record?.pid === identity.pid ? record.startedAt : new Date().toISOString()
      if (record?.pid !== identity.pid || record.startTime !== identity.startTime)
        writeJsonIfRoom(recordFile(home, 'postgres'), { ...identity, name: 'postgres', version: options.version, args: [], fingerprint, startedAt } satisfies RunRecord)
      return { ...identity, fingerprint, startedAt }
    },
    async probe() {
      const found = await findPostgres(home)
      if (!found || found.port === 0) return 'starting'
      return (await answersQuery(await embeddedUrl(home, found.port), 5000)) ? 'ready' : 'silent'
    },
    async start(onExit) {
      starting = true
      try {
        rotateLog(logFile)
        const { port } = await ensurePostgres({ home, port: options.port(), onExit })
        if (port !== options.port()) options.onPort(port)
      } finally {
        starting = false
      }
    },
    async stop() {
      await stopPostgres(home)
    },
    async kill() {
      const found = await findPostgres(home)
      const identity = found && identityOf(found.pid)
      if (identity) signal(identity, 'SIGQUIT')
      await stopPostgres(home, { graceMs: 2000 })
    },
  }
}
