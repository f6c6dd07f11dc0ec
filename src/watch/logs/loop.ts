/**
 * Two loops that keep the log store small: sealing (hot rows → chunks) each second, and tidying (merge small chunks,
 * retention) every five minutes. Both find all their work in the database, so that either may die at any moment.
 */
import { formatDuration, formatSize } from '#base/units.ts'
import type { Database, Db } from '#kernel/db/db.ts'
import { type Loop, type TurnReport, startLoop } from '#kernel/loop.ts'
import type { Archive, ArchiveLine } from './archive/port.ts'
import { type SealedChunk, maxChunkBytes, maxChunkLines, maxChunkMs, openChunk, sealChunk } from './chunk.ts'
import { type SourceLabels, type StoredLine, levels } from './model.ts'
import { type Keeping, defaultKeeping } from './keeping/plan.ts'
import { readKeepings } from './keeping/read.ts'
import { sourceLabels } from './read-rows.ts'
import {
  type HotState, type MinuteCount, type SmallChunk, addCounts, dropExcessChunks, dropOldChunks, dropOldMeta, dropPartition, insertChunk, lockSealing, oldestSealable, partitionLines,
  readHotState, rotateHot, smallChunks, takeAnyChunks, takeChunks,
} from './store.ts'

/** Put into an archive at once. */
const archiveLines = 20_000
/** Moved to an archive in one turn, of the chunks that were here before it. */
const movedChunks = 50

export type SealOptions = {
  /** Seal at once from so many lines on. */
  maxLines?: number
  /** Seal after this time when there are `fewLines`; few lines may wait for `maxAgeMs`, because they would make tiny chunks. */
  ageMs?: number
  fewLines?: number
  maxAgeMs?: number
  /** Where sealed lines go; default: chunks here. */
  archive?: Archive | undefined
}

export type RetentionOptions = {
  /** Of apps that say nothing themselves. */
  keeping?: Keeping
  archive?: Archive | undefined
}

export function startLogSealing(db: Database, options: SealOptions & { periodMs?: number; onError?: (error: unknown) => void } = {}): Loop {
  const { periodMs = 1000, onError } = options
  return startLoop({ name: 'logs.seal', periodMs, turn: (now, signal) => sealTurn(db, now, options, signal), ...(onError ? { onError } : {}) })
}

export function startLogTidying(db: Database, options: RetentionOptions & { periodMs?: number; onError?: (error: unknown) => void } = {}): Loop {
  const { periodMs = 300_000, onError } = options
  return startLoop({ name: 'logs.tidy', periodMs, turn: (now, signal) => tidyTurn(db, now, options, signal), ...(onError ? { onError } : {}) })
}

/** Why the current partition has to be closed now; undefined while it need not. */
function rotationDue(state: HotState, now: Date, { maxLines = 50_000, ageMs = 60_000, fewLines = 2000, maxAgeMs = 600_000 }: SealOptions): string | undefined {
  const age = now.getTime() - state.createdAt.getTime()
  if (state.lines >= maxLines) return `it holds ${state.lines} lines`
  if (state.lines >= fewLines && age >= ageMs) return `it is ${Math.round(age / 1000)} s old and holds ${state.lines} lines`
  if (state.lines > 0 && age >= maxAgeMs) return `it is ${Math.round(age / 1000)} s old`
  return undefined
}

export async function sealTurn(db: Database, now: Date, options: SealOptions, signal?: AbortSignal): Promise<TurnReport> {
  const report: TurnReport = { actions: [], waiting: [] }
  const state = await readHotState(db)
  const because = rotationDue(state, now, options)
  if (because) {
    await db.transaction((tx) => rotateHot(tx, state.part, now))
    report.actions.push(`closed hot partition ${state.part}, because ${because}`)
  }
  while (!signal?.aborted) {
    const sealed = await sealOldest(db, options.archive)
    if (sealed === 'none') break
    if (sealed === 'busy') {
      report.waiting.push('chunks are being merged just now')
      break
    }
    report.actions.push(`sealed ${sealed.lines} lines into ${options.archive === undefined ? `${sealed.chunks} chunks` : 'the archive'}`)
  }
  const moved = options.archive === undefined ? 0 : await moveChunks(db, options.archive)
  if (moved > 0) report.actions.push(`moved ${moved} chunks to the archive, because lines are kept there now`)
  return report
}

/** Moves the oldest closed partition into chunks, or the archive, in one transaction. */
function sealOldest(db: Database, archive: Archive | undefined): Promise<{ lines: number; chunks: number } | 'none' | 'busy'> {
  return db.transaction(async (tx) => {
    if (!(await lockSealing(tx))) return 'busy'
    const part = await oldestSealable(tx)
    if (part === undefined) return 'none'
    const sealer = new Sealer(tx, archive)
    for await (const page of partitionLines(tx, part)) await sealer.add(page)
    await sealer.finish()
    await dropPartition(tx, part)
    return { lines: sealer.lines, chunks: sealer.chunks }
  })
}

/** What was sealed before there was an archive goes there too. How many chunks of it did. */
function moveChunks(db: Database, archive: Archive): Promise<number> {
  return db.transaction(async (tx) => {
    if (!(await lockSealing(tx))) return 0
    const chunks = await takeAnyChunks(tx, movedChunks)
    for (const { app, environment, data } of chunks) await archive.insert((await openChunk(data)).map((row) => ({ ...row, app, environment })))
    return chunks.length
  })
}

type Group = { app: string; environment: string; rows: StoredLine[]; bytes: number }

/** Sorts lines to their environments and writes a chunk whenever one is full. */
class Sealer {
  lines = 0
  chunks = 0
  readonly #tx: Db
  readonly #labels = new Map<number, SourceLabels>()
  readonly #groups = new Map<string, Group>()
  readonly #counts = new Map<string, MinuteCount>()

  readonly #archive: Archive | undefined
  #forArchive: ArchiveLine[] = []

  constructor(tx: Db, archive: Archive | undefined) {
    this.#tx = tx
    this.#archive = archive
  }

  async add(rows: readonly StoredLine[]): Promise<void> {
    const unknown = [...new Set(rows.map((row) => row.source))].filter((id) => !this.#labels.has(id))
    if (unknown.length > 0) for (const labels of await sourceLabels(this.#tx, unknown)) this.#labels.set(labels.id, labels)
    for (const row of rows) {
      const labels = this.#labels.get(row.source)
      if (!labels) throw new Error(`line ${row.line} is of source ${row.source}, which is not known`)
      const key = `${labels.app}/${labels.environment}`
      const group = this.#groups.get(key) ?? { app: labels.app, environment: labels.environment, rows: [], bytes: 0 }
      this.#groups.set(key, group)
      group.rows.push(row)
      group.bytes += row.text.length
      this.#count(labels, row)
      this.lines++
      if (group.rows.length >= maxChunkLines || group.bytes >= maxChunkBytes) await this.#write(group)
    }
  }

  async finish(): Promise<void> {
    for (const group of this.#groups.values()) if (group.rows.length > 0) await this.#write(group)
    if (this.#archive !== undefined) await this.#putAway(this.#archive)
    await addCounts(this.#tx, [...this.#counts.values()])
  }

  async #putAway(archive: Archive): Promise<void> {
    await archive.insert(this.#forArchive)
    this.#forArchive = []
  }

  async #write(group: Group): Promise<void> {
    if (this.#archive !== undefined) {
      for (const row of group.rows) this.#forArchive.push({ ...row, app: group.app, environment: group.environment })
      if (this.#forArchive.length >= archiveLines) await this.#putAway(this.#archive)
    } else await insertChunk(this.#tx, group.app, group.environment, await sealChunk(group.rows))
    this.chunks++
    group.rows = []
    group.bytes = 0
  }

  #count({ app, environment, service }: SourceLabels, { atMs, level, stream }: StoredLine): void {
    const minuteMs = atMs - (atMs % 60_000)
    const key = `${app}/${environment}/${service}/${minuteMs}/${stream}`
    const count = this.#counts.get(key) ?? { app, environment, service, minute: new Date(minuteMs), stream, counts: levels.map(() => 0) }
    this.#counts.set(key, count)
    count.counts[level] = (count.counts[level] ?? 0) + 1
  }
}

export async function tidyTurn(db: Database, now: Date, { keeping = defaultKeeping, archive }: RetentionOptions, signal?: AbortSignal): Promise<TurnReport> {
  const report: TurnReport = { actions: [], waiting: [] }
  const limits = { own: await readKeepings(db), others: keeping }
  const old = await untilNone(() => dropOldChunks(db, limits, now), signal)
  if (old > 0) report.actions.push(`removed ${old} chunks, because they are older than their apps keep lines (${formatDuration(keeping.keepMs)}, unless they say otherwise)`)
  const excess = await untilNone(() => dropExcessChunks(db, limits), signal)
  if (excess > 0) report.actions.push(`removed ${excess} chunks, because their apps hold more than they keep (${formatSize(keeping.maxBytes)}, unless they say otherwise)`)
  if (archive !== undefined) {
    for (const [app, { keepMs }] of limits.own) await archive.drop({ app }, now.getTime() - keepMs)
    await archive.drop({ except: [...limits.own.keys()] }, now.getTime() - keeping.keepMs)
  }
  await dropOldMeta(db, limits, now)
  const merged = await mergeSmall(db, now, signal)
  if (merged > 0) report.actions.push(`merged ${merged} small chunks`)
  return report
}

async function untilNone(remove: () => Promise<number>, signal?: AbortSignal): Promise<number> {
  for (let total = 0; ; ) {
    const removed = signal?.aborted ? 0 : await remove()
    if (removed === 0) return total
    total += removed
  }
}

/** Puts neighbouring chunks of a quiet environment together, once they are ten minutes old. How many went into others. */
export async function mergeSmall(db: Database, now: Date, signal?: AbortSignal): Promise<number> {
  let merged = 0
  const small = await smallChunks(db, maxChunkLines / 2, new Date(now.getTime() - 2 * maxChunkMs), new Date(now.getTime() - 600_000))
  let run: SmallChunk[] = []
  const flush = async () => {
    if (run.length > 3 && !signal?.aborted) merged += await mergeRun(db, run)
    run = []
  }
  for (const chunk of small) {
    const first = run[0]
    if (first && (first.app !== chunk.app || first.environment !== chunk.environment || !fitsOne([...run, chunk]))) await flush()
    run.push(chunk)
  }
  await flush()
  return merged
}

function fitsOne(run: readonly SmallChunk[]): boolean {
  const sum = (of: 'lines' | 'rawBytes') => run.reduce((total, chunk) => total + chunk[of], 0)
  const spanMs = Math.max(...run.map((chunk) => chunk.lastMs)) - Math.min(...run.map((chunk) => chunk.firstMs))
  return sum('lines') <= maxChunkLines && sum('rawBytes') <= maxChunkBytes && spanMs <= maxChunkMs
}

function mergeRun(db: Database, run: readonly { id: number; app: string; environment: string }[]): Promise<number> {
  return db.transaction(async (tx) => {
    const { app, environment } = run[0] as (typeof run)[number]
    if (!(await lockSealing(tx))) return 0
    const taken = await takeChunks(tx, run.map((chunk) => chunk.id))
    if (taken.length === 0) return 0
    const rows = (await Promise.all(taken.map(({ data }) => openChunk(data)))).flat().sort((a, b) => a.line - b.line)
    const chunk: SealedChunk = await sealChunk(rows)
    await insertChunk(tx, app, environment, chunk)
    return taken.length
  })
}
