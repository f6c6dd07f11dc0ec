/** The same lines for all: files of 100 000 lines `time in ms <tab> app <tab> text`, spread over a day that ends now, 40 apps in turn. */
import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { lineText, randomOf } from '#watch/logs/testing/log-corpus.ts'

export const apps = 40
export const rare = '7c9e6679f0c24c1e'
const fileLines = 100_000
/** Lines of an app that come one after the other, as an agent ships them. */
export const runLines = 500

export type Corpus = { files: string[]; lines: number; textBytes: number; sinceMs: number; untilMs: number }

export async function writeCorpus(folder: string, lines: number): Promise<Corpus> {
  const random = randomOf(1)
  const untilMs = Date.now() - 60_000
  const sinceMs = untilMs - 86_400_000
  const corpus: Corpus = { files: [], lines, textBytes: 0, sinceMs, untilMs }
  for (let from = 0; from < lines; from += fileLines) {
    const path = join(folder, `lines-${String(corpus.files.length).padStart(4, '0')}.tsv`)
    const file = createWriteStream(path)
    const rows: string[] = []
    for (let id = from; id < Math.min(lines, from + fileLines); id++) {
      const text = (id === Math.floor(lines / 3) ? `payment failed for order ${rare}` : lineText(random, id)).replace(/[\0\t\r\n\\]/g, ' ')
      corpus.textBytes += Buffer.byteLength(text)
      rows.push(`${Math.floor(sinceMs + ((untilMs - sinceMs) * id) / lines)}\tapp-${Math.floor(id / runLines) % apps}\t${text}\n`)
    }
    file.end(rows.join(''))
    await once(file, 'close')
    corpus.files.push(path)
  }
  return corpus
}

export type CorpusRun = { app: string; lines: { atMs: number; text: string }[] }

/** Lines of one app at a time, `runLines` each. */
export async function* runsOf(corpus: Corpus): AsyncGenerator<CorpusRun> {
  for (const path of corpus.files) {
    let run: CorpusRun | undefined
    for await (const line of createInterface({ input: createReadStream(path, { highWaterMark: 1 << 20 }), crlfDelay: 0 })) {
      const [at = '', app = '', text = ''] = line.split('\t')
      if (run !== undefined && (run.app !== app || run.lines.length >= runLines)) {
        yield run
        run = undefined
      }
      run ??= { app, lines: [] }
      run.lines.push({ atMs: Number(at), text })
    }
    if (run !== undefined) yield run
  }
}
