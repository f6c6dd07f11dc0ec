/**
 * `npm run bench -- logs [--lines 5000000] [--rate 10000] [--seconds 30] [--only store|pipeline] [--no-wait]`: lines stored and searchable beside
 * other ways to keep them, and what a whole Nightshift pays for 10 000 lines a second. Lines are mostly random ids and addresses, so
 * real logs compress better. Grafana Loki and VictoriaLogs are in no Debian (its package `loki` is a program of genetics), so they are not here.
 */
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { tempHome } from '#test/harness/home.ts'
import { openClickhouse } from './logs/clickhouse.ts'
import type { Contender, Stored } from './logs/contender.ts'
import { type Corpus, writeCorpus } from './logs/corpus.ts'
import { openFiles } from './logs/files.ts'
import { openOurs } from './logs/ours.ts'
import { measurePipeline } from './logs/pipeline.ts'
import { searchesOf } from './logs/searches.ts'
import { calm, machineLine, markdownTable, median, note, say, short } from './rig/report.ts'

const searchRuns = 5
type Answers = { found: number | null; firstMs: number; medianMs: number }

export async function runLogs(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { lines: { type: 'string', default: '5000000' }, rate: { type: 'string', default: '10000' }, seconds: { type: 'string', default: '30' }, only: { type: 'string' }, 'no-wait': { type: 'boolean', default: false } },
  })
  const isCalm = values['no-wait'] || (await calm(1.5, 600_000))
  say(`${machineLine()}${isCalm && !values['no-wait'] ? '' : ' (not waited for, or never calm)'}\n`)
  if (values.only !== 'pipeline') await storeAndSearch(Number(values.lines))
  if (values.only !== 'store') await pipeline(Number(values.rate), Number(values.seconds))
}

async function storeAndSearch(lines: number): Promise<void> {
  await using folder = await tempHome('nightshift-bench-lines-')
  note(`writing ${lines} lines to files`)
  const corpus = await writeCorpus(folder.home, lines)
  say(`${short(lines)} lines of ${short(corpus.textBytes / lines)} B, 40 apps, over a day\n`)
  const stored: [string, Stored][] = []
  const answers: [string, Answers[]][] = []
  // one after the other, and each is gone before the next comes
  for (const open of [openOurs, () => openClickhouse('0-63'), async () => openFiles()] as (() => Promise<Contender>)[]) {
    const contender = await open()
    if (contender.absent !== null) {
      say(`${contender.name} is left out: ${contender.absent}`)
      continue
    }
    try {
      note(`${contender.name}: storing`)
      stored.push([contender.name, await contender.store(corpus)])
      note(`${contender.name}: searching`)
      answers.push([contender.name, await searchAll(contender, corpus)])
    } finally {
      await contender.close()
    }
  }
  say(markdownTable(['', 'lines/s', 'CPU s per 100 k lines', 'B a line on disk'], stored.map(([name, { seconds, cpuSeconds, bytesPerLine }]) => [name, short(lines / seconds), short((cpuSeconds / lines) * 100_000), short(bytesPerLine)])))
  for (const [name, { notes }] of stored) for (const [what, text] of Object.entries(notes)) say(`${name}: ${what}: ${text}`)
  say(`\nSearches, ms: first, then median of ${searchRuns} more (lines found):\n`)
  const cell = (answer: Answers | undefined) => (answer === undefined || answer.found === null ? '–' : `${short(answer.firstMs)} / ${short(answer.medianMs)} (${answer.found})`)
  say(markdownTable(['', ...answers.map(([name]) => name)], searchesOf(corpus).map((search, nth) => [search.name, ...answers.map(([, all]) => cell(all[nth]))])))
}

async function searchAll(contender: Contender, corpus: Corpus): Promise<Answers[]> {
  const all: Answers[] = []
  for (const search of searchesOf(corpus)) {
    const times: number[] = []
    let found: number | null = null
    for (let run = 0; run <= searchRuns; run++) {
      const began = performance.now()
      found = await contender.search(search)
      times.push(performance.now() - began)
      if (found === null) break
    }
    all.push({ found, firstMs: times[0] as number, medianMs: median(times.slice(1)) })
  }
  return all
}

async function pipeline(rate: number, seconds: number): Promise<void> {
  note(`a whole Nightshift at ${rate} lines/s`)
  const result = await measurePipeline(rate, seconds)
  say(`\nA whole Nightshift, one app writing ${short(rate)} lines/s for ${seconds} s: ${short(result.storedPerSecond)} lines/s stored; the last line was stored ${short(result.behindMs)} ms after it was written.\n`)
  say(markdownTable(['', 'cores used', 'idle', 'RSS MiB'], result.processes.map(({ name, cpu, idleCpu, rssMb }) => [name, cpu.toFixed(3), idleCpu.toFixed(3), short(rssMb)])))
}
