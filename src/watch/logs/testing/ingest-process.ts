/**
 * A process that takes lines in and seals them without a pause, to be killed in the middle of it. Arguments: database
 * URL, then `source=position` to go on from. It prints `source position` when lines up to there are acknowledged.
 */
import { sleep } from '#base/clock.ts'
import { openDatabase } from '#kernel/db/db.ts'
import { mergeSmall, sealTurn } from '../loop.ts'
import { createLogWriter } from '../service.ts'
import { batchOf, entry } from './log-corpus.ts'

const [url = '', ...starts] = process.argv.slice(2)
const db = openDatabase(url)
const writer = createLogWriter(db)

async function ship(source: string, from: number) {
  for (let at = from; ; ) {
    const count = 1 + Math.floor(Math.random() * 60)
    const entries = Array.from({ length: count }, (_, nth) => entry(`${source}:${at + nth}`, 1_700_000_000_000 + at + nth))
    try {
      await writer.ingest([batchOf(source, at, entries, { app: `app-${source}`, instance: 'web.1' })])
    } catch {
      await sleep(20) // the database is away: the same again
      continue
    }
    at += count
    process.stdout.write(`${source} ${at}\n`)
  }
}

async function seal() {
  while (true) {
    await sealTurn(db, new Date(), { maxLines: 150 }).catch(() => sleep(20))
    await mergeSmall(db, new Date(1_700_000_000_000 + 7_200_000)).catch(() => {})
  }
}

await Promise.all([...starts.map((start) => ship(start.split('=')[0] as string, Number(start.split('=')[1]))), seal()])
