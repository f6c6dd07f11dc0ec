/**
 * The log of our own processes: one JSON object a line. Under `nightshift up` standard output is already
 * `<home>/log/<process>.log`; a process started alone writes to its terminal or to systemd's journal.
 * Not the log of apps: those lines are data and live in PostgreSQL.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { destination, pino, type Logger } from 'pino'

export type { Logger } from 'pino'

const secretNames = ['token', 'password', 'secret', 'authorization', 'cookie', 'databaseUrl', 'env']

/** What cannot be written waits in memory up to this; then lines are dropped. */
const maxWaitingBytes = 1024 * 1024

/**
 * @param options.home  write to `<home>/log/<process>.log` instead of standard output
 * @param options.level  default `NIGHTSHIFT_LOG_LEVEL`, else `info`
 */
export function createLogger(options: { process: string; home?: string; level?: string }): Logger {
  const target = options.home === undefined ? undefined : join(options.home, 'log', `${options.process}.log`)
  if (options.home !== undefined) mkdirSync(join(options.home, 'log'), { recursive: true })
  const sink = destination({ ...(target === undefined ? { fd: 1 } : { dest: target, append: true }), sync: true, maxLength: maxWaitingBytes })
  // nobody is left to tell; a full disk must not end what writes about it (without a listener, the error is thrown)
  sink.on('error', () => {})
  return pino(
    {
      level: options.level ?? process.env['NIGHTSHIFT_LOG_LEVEL'] ?? 'info',
      base: { process: options.process, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretNames.flatMap((name) => [name, `*.${name}`]), censor: '[redacted]' },
    },
    sink,
  )
}
