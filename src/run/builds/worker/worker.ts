/**
 * A build worker: one process, one build. Started (by main.ts) as a task with limits and a user of its own; it shares one folder
 * with control (`spec.json` and `source.tar` in, `log.ndjson`, `slug.tgz` and `result.json` out) and knows neither the
 * database nor Nightshift's keys. It ends by itself when its time is up, also when control is away.
 */
import { createReadStream, existsSync } from 'node:fs'
import { mkdir, readFile, readdir, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { setPriority } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { isAppError, messageOf } from '#base/errors.ts'
import { formatDuration, formatSize } from '#base/units.ts'
import { build } from './build.ts'
import { extractSource } from './extract.ts'
import { WorkerLog } from './log.ts'
import { machineVariables, mostReasonLength, workFiles, workerSpec, type WorkerResult } from './spec.ts'
import type { StepContext } from './steps.ts'
import { findTools } from './tools.ts'

const work = await realpath(process.env['NIGHTSHIFT_VOLUME_WORK'] ?? '.')
const cache = await realpath(process.env['NIGHTSHIFT_VOLUME_CACHE'] ?? '.')
const spec = workerSpec.parse(JSON.parse(await readFile(join(work, workFiles.spec), 'utf8')))
const log = new WorkerLog(join(work, workFiles.log), spec.logBytes)
setPriority(10) // apps first

const stop = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort(new Error('the build was stopped')))
setTimeout(() => stop.abort(new Error(`the build took longer than ${formatDuration(spec.timeMs)}`)), spec.timeMs).unref()

let step = 'starting'
const result = await run().catch((error: unknown): WorkerResult => {
  const because = stop.signal.aborted ? messageOf(stop.signal.reason) : messageOf(error)
  if (!isAppError(error) && !stop.signal.aborted && error instanceof Error && error.stack) log.line(error.stack)
  // control ends the log with the reason, or as much of it as it takes
  if (because.length > mostReasonLength) log.line(because)
  return { kind: 'failed', because: because.slice(0, mostReasonLength).replaceAll('\0', '').toWellFormed(), step: step.slice(0, 200) }
})
log.close()
await writeFile(join(work, `${workFiles.result}.new`), JSON.stringify(result), { mode: 0o600 })
await rename(join(work, `${workFiles.result}.new`), join(work, workFiles.result))
process.exit(result.kind === 'failed' ? 1 : 0)

async function run(): Promise<WorkerResult> {
  const top = join(work, 'source')
  const home = join(work, 'home')
  if (spec.clean) for (const name of await readdir(cache)) await rm(join(cache, name), { recursive: true, force: true })
  await mkdir(top)
  await mkdir(home)
  step = 'unpacking the source'
  const unpacked = await extractSource(createReadStream(join(work, workFiles.source)), top, { files: spec.files, unpackedBytes: spec.unpackedBytes })
  log.step(`source: ${unpacked.files === 1 ? '1 file or folder' : `${unpacked.files} files and folders`}, ${formatSize(unpacked.bytes)}`)
  const env = buildEnvironment(home)
  const context: StepContext = { log, env, cache, signal: stop.signal, onStep: (title) => (step = title) }
  return build({ spec, top, work, tools: await findTools(env['PATH'] as string), context })
}

function buildEnvironment(home: string): Record<string, string> {
  const headers = join(dirname(process.execPath), '..')
  const path = [dirname(process.execPath), ...(process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin').split(delimiter)].filter((folder) => !folder.includes('node_modules/.bin'))
  return {
    ...machineVariables(process.env),
    // Native packages are built against the headers of the Node that will load them, whatever the machine's npm is told.
    ...(existsSync(join(headers, 'include/node/node.h')) ? { npm_config_nodedir: headers } : {}),
    ...spec.env,
    PATH: [...new Set(path)].join(delimiter),
    HOME: home,
    TMPDIR: process.env['TMPDIR'] ?? home,
    LANG: 'C.UTF-8',
    CI: 'true',
    SOURCE_DATE_EPOCH: '315532800', // 1980, the earliest that zip files know: results do not depend on the time of day
    STACK: 'nightshift',
    NIGHTSHIFT_APP: spec.app,
    NIGHTSHIFT_ENVIRONMENT: spec.environment,
  }
}
