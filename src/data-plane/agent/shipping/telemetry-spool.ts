/**
 * Bodies of telemetry on their way to control: in memory while it takes them, in files of a folder while it does not (then a kill loses none). Bounded by bytes and
 * age; what grows too old is dropped, and what finds no room is the oldest of whoever holds most of it, and is counted. Each sender has a
 * lane: they are taken in turn, so that one whose bodies are refused, or come by the thousand, holds up nobody else's.
 */
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export type TelemetryItem = { path: string; atMs: number; headers: Record<string, string>; body: Buffer }
type Kept = { bytes: number; atMs: number; item: TelemetryItem | null; file: string | null; gone: boolean }
type Lane = { name: string; queue: Kept[]; bytes: number }
export type Next = { lane: string; item: TelemetryItem; done: () => Promise<void> }

const spoolBounds = { memoryBytes: 1024 * 1024, bytes: 64 * 1024 * 1024, items: 5_000, ageMs: 60 * 60_000 } as const

export async function openSpool(folder: string, laneOf: (item: TelemetryItem) => string = () => '', bounds: { memoryBytes: number; bytes: number; items: number; ageMs: number } = spoolBounds) {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  /** In the order in which they are to be looked at next. */
  const lanes = new Map<string, Lane>()
  let [items, bytes, memory, dropped] = [0, 0, 0, 0]
  let serial = Date.now()
  for (const name of (await readdir(folder)).filter((one) => /^\d+\.spool$/.test(one)).sort()) {
    const file = join(folder, name)
    const item = await readItem(file)
    if (item) put(laneOf(item), { bytes: item.body.length, atMs: item.atMs, item: null, file, gone: false })
    else await rm(file, { force: true })
  }

  function put(name: string, kept: Kept): void {
    const lane = lanes.get(name) ?? { name, queue: [], bytes: 0 }
    lanes.set(name, lane)
    lane.queue.push(kept)
    lane.bytes += kept.bytes
    bytes += kept.bytes
    items++
  }

  async function remove(lane: Lane, kept: Kept): Promise<void> {
    if (kept.gone) return
    kept.gone = true
    lane.queue = lane.queue.filter((one) => one !== kept)
    lane.bytes -= kept.bytes
    if (lane.queue.length === 0 && lanes.get(lane.name) === lane) lanes.delete(lane.name)
    bytes -= kept.bytes
    items--
    if (kept.item) memory -= kept.bytes
    kept.item = null
    if (kept.file) await rm(kept.file, { force: true })
  }

  async function toFile(kept: Kept): Promise<void> {
    if (kept.item === null || kept.file !== null) return
    kept.file = join(folder, `${String(++serial).padStart(16, '0')}.spool`)
    const { body, ...head } = kept.item
    try {
      await writeFile(kept.file, Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), body]), { mode: 0o600 })
    } catch (error) {
      await rm(kept.file, { force: true })
      kept.file = null
      throw error
    }
    if (kept.item) memory -= kept.bytes
    kept.item = null
    if (kept.gone) await rm(kept.file, { force: true }) // it was sent, or dropped, while it was written
  }

  async function makeRoom(): Promise<void> {
    while (items > 1 && (bytes > bounds.bytes || items > bounds.items)) {
      const weight = (lane: Lane) => Math.max(lane.bytes / bounds.bytes, lane.queue.length / bounds.items)
      const heaviest = [...lanes.values()].reduce((a, b) => (weight(b) > weight(a) ? b : a))
      dropped++
      await remove(heaviest, heaviest.queue[0] as Kept)
    }
  }

  /** The oldest of a lane that is young enough. */
  async function oldest(lane: Lane, nowMs: number): Promise<Next | null> {
    for (let kept = lane.queue[0]; kept !== undefined; kept = lane.queue[0]) {
      const found = kept
      const item = found.item ?? (found.file === null ? null : await readItem(found.file))
      if (item !== null && !found.gone && nowMs - item.atMs <= bounds.ageMs) return { lane: lane.name, item, done: () => remove(lane, found) }
      if (!found.gone) dropped++
      await remove(lane, found)
    }
    return null
  }

  return {
    /** `mustWait`: it will not be sent at once, so it goes to disk; where that is full, it stays in memory as long as there is room. */
    async add(item: TelemetryItem, mustWait = false): Promise<void> {
      const kept: Kept = { bytes: item.body.length, atMs: item.atMs, item, file: null, gone: false }
      put(laneOf(item), kept)
      memory += kept.bytes
      await makeRoom()
      if (memory > bounds.memoryBytes) await toFile(kept)
      else if (mustWait) await toFile(kept).catch(() => {})
    },
    /** The oldest of the lane that was not looked at for longest, and what to do once it is sent. Passes over lanes that `rests` says so of. */
    async first(nowMs: number, rests: (lane: string) => boolean = () => false): Promise<Next | null> {
      for (const lane of [...lanes.values()]) {
        if (rests(lane.name)) continue
        const next = await oldest(lane, nowMs)
        if (next === null) continue
        lanes.delete(lane.name)
        lanes.set(lane.name, lane)
        return next
      }
      return null
    },
    /** How many were dropped since the last call. */
    takeDropped(): number {
      const count = dropped
      dropped = 0
      return count
    },
    size: () => ({ items, bytes, memory }),
    /** What a lane has in memory goes to disk, as far as there is room. */
    async keep(name: string): Promise<void> {
      for (const kept of [...(lanes.get(name)?.queue ?? [])]) await toFile(kept).catch(() => {})
    },
    /** What is in memory goes to disk. */
    async close(): Promise<void> {
      for (const lane of [...lanes.values()]) for (const kept of [...lane.queue]) await toFile(kept)
    },
  }
}

async function readItem(file: string): Promise<TelemetryItem | null> {
  try {
    const content = await readFile(file)
    const end = content.indexOf(10)
    return { ...(JSON.parse(content.subarray(0, end).toString('utf8')) as Omit<TelemetryItem, 'body'>), body: content.subarray(end + 1) }
  } catch {
    return null
  }
}
