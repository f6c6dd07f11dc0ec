/**
 * Facts of an agent or a proxy for the journal, kept on disk until control has them. A fact's id is made of what it is about, so that one noted
 * again after a crash is the same fact; control stores an id once.
 */
import { createHash } from 'node:crypto'
import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Fact } from '#contract/wire.ts'
import type { EventKind } from '#contract/events.ts'
import { isAppError, messageOf } from '#base/errors.ts'
import { sleep } from '#base/clock.ts'
import type { ControlClient } from './control-client.ts'
import { replaceFile } from './durable-file.ts'
import type { LinkLog } from './link.ts'

export type NewFact = {
  kind: EventKind
  /** `name`: what people call the instance, `web.1`. */
  who: Pick<Fact, 'app' | 'environment' | 'service' | 'instance' | 'release'> & { name?: string | undefined }
  /** What makes it unique: thing and occasion. */
  about: string
  data: Record<string, unknown>
}
export type Facts = { note(fact: NewFact): void; waiting(): number; close(): Promise<void> }

/** Beyond this the oldest are given up: a machine cut off for weeks must not fill its disk with facts. */
const mostFacts = 20_000
const batchSize = 200

export async function openFacts(options: { file: string; machine: string; control: Pick<ControlClient, 'post'>; now(): Date; log: LinkLog }): Promise<Facts> {
  const { file, control, log } = options
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const closing = new AbortController()
  let queue = await load(file, log)
  let writing: Promise<void> = Promise.resolve()
  let wake = () => {}

  function write(work: () => Promise<void>) {
    writing = writing.then(work).catch((error: unknown) => log('warn', `facts could not be written to ${file}; they are kept in memory: ${messageOf(error)}`))
    return writing
  }

  async function flush(): Promise<void> {
    let failures = 0
    while (!closing.signal.aborted) {
      if (queue.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        continue
      }
      const facts = queue.slice(0, batchSize)
      try {
        await control.post('/internal/facts', { machine: options.machine, facts }, closing.signal)
      } catch (error) {
        if (closing.signal.aborted) return
        if (!isAppError(error, 'invalid')) {
          if (failures === 0) log('warn', `control does not take facts; ${queue.length} are kept: ${messageOf(error)}`)
          await sleep(Math.min(10_000, 200 * 2 ** Math.min(failures++, 10)), closing.signal).catch(() => undefined)
          continue
        }
        log('warn', `control refuses facts for good; they are skipped: ${messageOf(error)}: ${JSON.stringify(facts)}`)
      }
      failures = 0
      const done = new Set(facts.map((fact) => fact.id))
      queue = queue.filter((fact) => !done.has(fact.id))
      await write(() => replaceFile(file, queue.map(lineOf).join(''), { sync: false }))
    }
  }

  const flushing = flush()
  return {
    note({ kind, who, about, data }) {
      const id = `fct_${createHash('sha256').update(`${kind}\n${about}`).digest('hex').slice(0, 32)}`
      if (queue.some((fact) => fact.id === id)) return
      const { app, environment, service, instance, release } = who
      const fact: Fact = { id, at: options.now().toISOString(), kind, app, environment, service, instance, release, data: { ...(who.name === undefined ? {} : { name: who.name }), ...data } }
      queue.push(fact)
      if (queue.length > mostFacts) queue.splice(0, queue.length - mostFacts)
      void write(() => appendFile(file, lineOf(fact), { mode: 0o600 }))
      wake()
    },
    waiting: () => queue.length,
    async close() {
      closing.abort()
      wake()
      await flushing
      await writing
    },
  }
}

function lineOf(fact: Fact): string {
  return `${JSON.stringify(fact)}\n`
}

async function load(file: string, log: LinkLog): Promise<Fact[]> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const facts: Fact[] = []
  for (const line of text.split('\n')) {
    if (line === '') continue
    try {
      facts.push(JSON.parse(line) as Fact)
    } catch {
      log('warn', `a torn line in ${file} is skipped`)
    }
  }
  return facts.slice(-mostFacts)
}
