import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { sleep } from '#base/clock.ts'
import { until } from '#test/harness/wait.ts'
import type { Platform, Running } from '../platforms/platform.ts'
import { goodRelease } from '../platforms/platform.ts'
import { ask } from './ask.ts'
import { interrupted, within } from './interrupt.ts'
import { type Load, startLoad } from './load.ts'
import { type Measured, measure } from './measure.ts'

export type Scene = { running: Running; load: Load; /** On performance.now(). */ fromAt: number; before: ReadonlySet<string> }

export type LoadOptions = { /** Where each start gets a folder of its own. */ folder: string; count: number; rate: number; timeoutMs: number; warmSeconds: number }

let starts = 0

/**
 * `count` processes of release `one` under load → what `during` does and watches → end. Gives what callers saw from when `during`
 * began, how many POSTs were carried out more than once, and what `during` gave.
 */
export async function underLoad<T>(platform: Platform, options: LoadOptions, during: (scene: Scene) => Promise<T>): Promise<{ seen: Measured; doubled: number; gave: T }> {
  const folder = join(options.folder, `start-${starts++}`)
  await mkdir(folder)
  await using running = await platform.start(folder, options.count, goodRelease('one'))
  const first = await until(() => answering(running.url, options.count), { timeoutMs: 30_000, everyMs: 100, because: `all ${options.count} processes answer` })
  interrupted.throwIfAborted()
  const run = Math.random().toString(36).slice(2)
  const load = startLoad(running.url, { ...options, run })
  try {
    await sleep(options.warmSeconds * 1000, interrupted)
    const before: ReadonlySet<string> = first.union(new Set(load.outcomes.flatMap((one) => one.process ?? [])))
    const fromAt = performance.now()
    const gave = await within(180_000, `what is done to ${platform.name}`, during({ running, load, fromAt, before }))
    interrupted.throwIfAborted()
    const seen = measure(await load.stop(), fromAt, before)
    const done = (await within(20_000, 'reading the output', running.lines())).filter((line) => line.startsWith(`did /${run}-`))
    return { seen, doubled: done.length - new Set(done).size, gave }
  } finally {
    await load.stop()
  }
}

/** The processes, once all get requests; several at a time, so that those which are busy are passed over. A caller who keeps connections may meet but some. */
async function answering(url: string, count: number): Promise<ReadonlySet<string> | false> {
  const found = await Promise.all(Array.from({ length: 8 * count }, () => ask(url)))
  const processes = new Set(found.flatMap((one) => one?.process ?? []))
  return processes.size === count && !found.includes(null) && processes
}
