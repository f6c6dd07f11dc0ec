/**
 * Bodies of telemetry on their way to control: in memory while it takes them, in files of a folder while it does not. Bounded by bytes and
 * age; what finds no room or grows too old is dropped, oldest first, and counted.
 */
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export type TelemetryItem = { path: string; atMs: number; headers: Record<string, string>; body: Buffer }
type Kept = { bytes: number; atMs: number; item: TelemetryItem | null; file: string | null }

export const spoolBounds = { memoryBytes: 1024 * 1024, bytes: 64 * 1024 * 1024, items: 5_000, ageMs: 60 * 60_000 } as const

export async function openSpool(folder: string, bounds: { memoryBytes: number; bytes: number; items: number; ageMs: number } = spoolBounds) {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  let queue: Kept[] = []
  let bytes = 0
  let memory = 0
  let dropped = 0
  let serial = Date.now()
  for (const name of (await readdir(folder)).filter((one) => /^\d+\.spool$/.test(one)).sort()) {
    const file = join(folder, name)
    const item = await readItem(file)
    if (item) queue.push({ bytes: item.body.length, atMs: item.atMs, item: null, file })
    else await rm(file, { force: true })
  }
  bytes = queue.reduce((sum, kept) => sum + kept.bytes, 0)

  async function remove(kept: Kept): Promise<void> {
    queue = queue.filter((one) => one !== kept)
    bytes -= kept.bytes
    if (kept.item) memory -= kept.bytes
    if (kept.file) await rm(kept.file, { force: true })
  }

  async function toFile(kept: Kept): Promise<void> {
    if (kept.item === null || kept.file !== null) return
    kept.file = join(folder, `${String(++serial).padStart(16, '0')}.spool`)
    const { body, ...head } = kept.item
    await writeFile(kept.file, Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), body]), { mode: 0o600 })
    memory -= kept.bytes
    kept.item = null
  }

  return {
    async add(item: TelemetryItem): Promise<void> {
      const kept: Kept = { bytes: item.body.length, atMs: item.atMs, item, file: null }
      queue.push(kept)
      bytes += kept.bytes
      memory += kept.bytes
      while (queue.length > 1 && (bytes > bounds.bytes || queue.length > bounds.items)) {
        dropped++
        await remove(queue[0] as Kept)
      }
      if (memory > bounds.memoryBytes) await toFile(kept)
    },
    /** The oldest that is young enough, and what to do once it is sent. */
    async first(nowMs: number): Promise<{ item: TelemetryItem; done: () => Promise<void> } | null> {
      for (let kept = queue[0]; kept !== undefined; kept = queue[0]) {
        const found = kept
        const item = found.item ?? (found.file === null ? null : await readItem(found.file))
        if (item !== null && nowMs - item.atMs <= bounds.ageMs) return { item, done: () => remove(found) }
        dropped++
        await remove(found)
      }
      return null
    },
    /** How many were dropped since the last call. */
    takeDropped(): number {
      const count = dropped
      dropped = 0
      return count
    },
    size: () => ({ items: queue.length, bytes, memory }),
    /** What is in memory goes to disk. */
    async close(): Promise<void> {
      for (const kept of [...queue]) await toFile(kept)
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
