/** For tests of builds: a database, a home, a real process driver, and sources made of a few lines. */
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pino } from 'pino'
import type { Actor } from '#contract/model.ts'
import { createProcessDriver } from '#drivers/task/process/driver.ts'
import { openDatabase, type Database } from '#kernel/db/db.ts'
import { tempHome } from '#test/harness/home.ts'
import { testDatabase } from '#test/harness/postgres.ts'
import type { Built } from '../model.ts'
import { openBuilds, type BuildsDeps, type OpenBuilds } from '../service.ts'
import { extractSource } from '../worker/extract.ts'
import { packSlug } from '../worker/slug.ts'

export const actor: Actor = { kind: 'token', name: 'tester' }
export const target = { app: 'shop', environment: 'production' }
export type Files = Record<string, string | { text: string; executable: true }>

export async function writeFiles(dir: string, files: Files): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true })
    await writeFile(join(dir, name), Buffer.from(typeof content === 'string' ? content : content.text, name.endsWith('.whl') ? 'latin1' : 'utf8'), { mode: typeof content === 'string' ? 0o644 : 0o755 })
  }
}

/** A folder that anybody can read, as an unpacked slug is. */
export async function tempFolder(files: Files = {}): Promise<{ dir: string } & AsyncDisposable> {
  const dir = await mkdtemp(join(tmpdir(), 'nightshift-folder-'))
  await chmod(dir, 0o755)
  await writeFiles(dir, files)
  return { dir, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) }
}

export async function sourceOf(files: Files): Promise<Buffer> {
  await using folder = await tempFolder(files)
  await using out = await tempFolder()
  await packSlug(folder.dir, join(out.dir, 'source.tgz'), { files: 10_000, unpackedBytes: 2 ** 30 })
  return await readFile(join(out.dir, 'source.tgz')) // before the folder is removed
}

export async function* chunks(data: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < data.length; at += 16_384) yield data.subarray(at, at + 16_384)
}

export type BuildHouse = { db: Database; url: string; home: string; built: Built[]; builds: OpenBuilds; open(overrides?: Partial<BuildsDeps>): OpenBuilds } & AsyncDisposable

/** @param overrides  of the service that is opened first; it is not started */
export async function buildHouse(overrides: Partial<BuildsDeps> = {}): Promise<BuildHouse> {
  const database = await testDatabase()
  const home = await tempHome('nightshift-builds-')
  const db = openDatabase(database.url, { max: 5 })
  const now = new Date()
  for (const app of ['shop', 'other']) {
    await db.query('INSERT INTO apps (name, created_at) VALUES ($1, $2)', [app, now])
    for (const environment of ['production', 'staging']) await db.query('INSERT INTO environments (app, name, created_at) VALUES ($1, $2, $3)', [app, environment, now])
  }
  const built: Built[] = []
  const opened: { builds: OpenBuilds; driver: ReturnType<typeof createProcessDriver> }[] = []
  const open = (more: Partial<BuildsDeps> = {}): OpenBuilds => {
    const driver = createProcessDriver({ dir: join(home.home, 'builds', 'tasks'), path: [dirname(process.execPath)] })
    const builds = openBuilds({
      db, home: home.home, driver, logger: pino({ level: 'silent' }),
      onBuilt: async (_tx, each) => {
        built.push(each)
        return { release: built.length }
      },
      ...more,
    })
    opened.push({ builds, driver })
    return builds
  }
  const builds = open(overrides)
  return {
    db, url: database.url, home: home.home, built, builds, open,
    async [Symbol.asyncDispose]() {
      for (const each of opened) await each.builds.close()
      const last = createProcessDriver({ dir: join(home.home, 'builds', 'tasks') })
      for (const task of await last.list()) {
        await last.stop(task.id, { signal: 'SIGKILL', graceMs: 0 })
        await last.remove(task.id)
      }
      for (const each of [...opened.map(({ driver }) => driver), last]) await each.close()
      await db.close()
      await home[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

export type Done = { state: string; because: string; log: string; release: number | null; id: string }

/** Queues a source and waits for the end of its build. */
export async function buildFiles(house: BuildHouse, files: Files, options: { clean?: boolean; target?: typeof target; builds?: OpenBuilds } = {}): Promise<Done> {
  const builds = options.builds ?? house.builds
  const { id } = await builds.queueUpload(actor, options.target ?? target, chunks(await sourceOf(files)), { clean: options.clean ?? false })
  return ended(builds, id, options.target ?? target)
}

export async function ended(builds: OpenBuilds, id: string, of = target): Promise<Done> {
  const build = await builds.finished(of, id, AbortSignal.timeout(120_000))
  return { state: build.state, because: build.because, release: build.release, id, log: await logOf(builds, id, of) }
}

export async function logOf(builds: OpenBuilds, id: string, of = target): Promise<string> {
  const lines: string[] = []
  for await (const line of builds.followLog(of, id, 0, AbortSignal.timeout(60_000))) lines.push(line.text)
  return lines.join('\n')
}

/** The newest slug, unpacked. */
export async function unpackedSlug(house: BuildHouse): Promise<{ dir: string } & AsyncDisposable> {
  const artifact = house.built.at(-1)?.artifact
  if (artifact?.ref.kind !== 'slug') throw new Error('nothing was built')
  const folder = await tempFolder()
  await unpack(join(house.home, 'artifacts', `${artifact.ref.digest}.tgz`), folder.dir)
  return folder
}

async function unpack(path: string, to: string): Promise<void> {
  const { extract } = await import('tar')
  await extract({ file: path, cwd: to, strict: true }) // as strictly as an agent does it
}

export async function extractBytes(data: Buffer, to: string): Promise<{ files: number; bytes: number }> {
  return extractSource(chunks(data), to, { files: 1000, unpackedBytes: 10 * 1024 ** 2 })
}

