/**
 * What the agent knows over its own death: the last desired state (sealed, for it holds secrets) and the supervision
 * records (no secrets). Not a database: two small files, each replaced as a whole.
 *
 * A file that can't be read is set aside and the agent starts without it: tasks are adopted by their labels, and nothing
 * is stopped until control has spoken. A file that can't be written (disk full) is logged and tried again at every save;
 * apps never pay for it.
 */
import { chmod, mkdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { DesiredState } from '#contract/wire.ts'
import { messageOf } from '#base/errors.ts'
import { openSecretBox, type SecretBox } from '#base/secretbox.ts'
import { readJson, replaceFile } from '../durable-file.ts'
import type { Log } from './log.ts'
import type { SupervisionRecord } from './supervision.ts'

export type AgentState = {
  desired(): DesiredState
  records(): ReadonlyMap<string, SupervisionRecord>
  /** Takes it unless it is older than what is there; false then. Written to disk before it resolves, if the disk allows. */
  setDesired(next: DesiredState): Promise<boolean>
  setRecord(record: SupervisionRecord): void
  deleteRecord(instance: string): void
  /**
   * Writes what has changed and is not on disk yet. False when the disk refused the records.
   * @param options.sync  survive a power cut too; for what must never happen twice. True then means: flushed, whoever wrote it
   */
  save(options?: { sync: boolean }): Promise<boolean>
}

export async function openState(home: string, log: Log, replace: typeof replaceFile = replaceFile): Promise<AgentState> {
  const folder = join(home, 'agent')
  const keyFile = join(home, 'keys', 'secret.key')
  const desiredFile = join(folder, 'desired.sealed')
  const recordsFile = join(folder, 'supervision.json')
  // apps enter their own folders below it, so it is passable; what is private in it has a mode of its own
  await mkdir(folder, { recursive: true })
  await chmod(folder, 0o711)

  let desired = (await readOrSetAside(desiredFile, log, async () => {
    const sealed = await readFile(desiredFile).catch(orNull)
    return sealed && (JSON.parse((await boxOf(keyFile)).open(sealed, desiredPlace)) as DesiredState)
  })) ?? { generation: 0, instances: [] }
  const list = await readOrSetAside(recordsFile, log, () => readJson<SupervisionRecord[]>(recordsFile))
  const records = new Map((list ?? []).map((record) => [record.instance, record]))
  /** Changes of the records so far, and how many of them the file has; `synced`: also after a power cut. */
  let changed = 0
  const onDisk = { written: 0, synced: 0 }
  let isDesiredOnDisk = true
  let writing: Promise<boolean> = Promise.resolve(true)

  async function write(what: string, file: string, content: () => string | Buffer | Promise<Buffer>, sync: boolean): Promise<boolean> {
    try {
      await replace(file, await content(), { sync })
      return true
    } catch (error) {
      log.warn({ file, error: messageOf(error) }, `${what} could not be written; going on without`)
      return false
    }
  }

  async function writeDesired(): Promise<void> {
    const { generation } = desired
    const written = await write('the desired state', desiredFile, async () => (await boxOf(keyFile)).seal(JSON.stringify(desired), desiredPlace), true)
    isDesiredOnDisk = written && generation === desired.generation
  }

  async function writeRecords(sync: boolean): Promise<boolean> {
    // a write that is done and not flushed is not enough for one who asks for a flush
    if ((sync ? onDisk.synced : onDisk.written) === changed) return true
    const now = changed
    if (!(await write('the supervision records', recordsFile, () => JSON.stringify([...records.values()]), sync))) return false
    onDisk.written = now
    if (sync) onDisk.synced = now
    return true
  }

  return {
    desired: () => desired,
    records: () => records,
    async setDesired(next) {
      if (next.generation < desired.generation) return false
      desired = next
      isDesiredOnDisk = false
      const written = writing.then(() => writeDesired())
      writing = written.then(() => true)
      await written
      return true
    },
    setRecord(record) {
      records.set(record.instance, record)
      changed++
    },
    deleteRecord(instance) {
      if (records.delete(instance)) changed++
    },
    save(options = { sync: false }) {
      writing = writing.then(async () => {
        if (!isDesiredOnDisk) await writeDesired()
        return writeRecords(options.sync)
      })
      return writing
    },
  }
}

const desiredPlace = 'agent/desired'

/** Read at each use: the key may be put back while the agent runs. */
async function boxOf(keyFile: string): Promise<SecretBox> {
  return openSecretBox(await readFile(keyFile, 'utf8'), keyFile)
}

function orNull(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}

async function readOrSetAside<T>(file: string, log: Log, read: () => Promise<T | null>): Promise<T | null> {
  try {
    return await read()
  } catch (error) {
    log.error({ file, error: messageOf(error) }, 'a state file could not be read; it is set aside, and running tasks are kept until control has spoken')
    await rename(file, `${file}.unreadable`).catch(() => undefined)
    return null
  }
}
