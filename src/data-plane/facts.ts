/**
 * Facts of an agent or a proxy for the journal, kept on disk until control has them. A fact's id is made of what it is about, so that one noted
 * again after a crash is the same fact; control stores an id once.
 *
 * The file is appended to, and written anew when facts were sent, when it holds much more than what is kept, and whenever its
 * last line may be torn (a kill, a full disk): what is appended to half a line is lost with it.
 */
import { createHash } from 'node:crypto'
import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Fact } from '#contract/wire.ts'
import type { EventKind } from '#contract/events.ts'
import { backoffMs } from '#base/backoff.ts'
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
const standardMostFacts = 20_000
const batchSize = 200

export type FactsOptions = {
  file: string
  machine: string
  control: Pick<ControlClient, 'post'>
  now(): Date
  log: LinkLog
  /** Beyond this the oldest are given up. */
  mostFacts?: number
}

export async function openFacts(options: FactsOptions): Promise<Facts> {
  const { file, control, log, mostFacts = standardMostFacts } = options
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const closing = new AbortController()
  const found = await load(file, log)
  /** By id, oldest first. */
  const queue = new Map(found.facts.map((fact) => [fact.id, fact]))
  giveUpOldest()
  let lines = found.lines
  let mustRewrite = found.isTorn || lines > mostFacts
  let saidFull = false
  let unwritten: Fact[] = []
  let writing: Promise<void> | undefined
  let wake = () => {}

  function giveUpOldest() {
    for (const id of queue.keys()) {
      if (queue.size <= mostFacts) return
      queue.delete(id)
    }
  }

  /** One write at a time; what is noted meanwhile is in the next. */
  function write(): Promise<void> {
    return (writing ??= writeAll())
  }

  async function writeAll(): Promise<void> {
    await undefined // what else is noted in this turn is in the same write
    while (mustRewrite || unwritten.length > 0) {
      const fresh = unwritten
      unwritten = []
      try {
        if (mustRewrite || lines + fresh.length > 2 * mostFacts) {
          const all = [...queue.values()]
          await replaceFile(file, all.map(lineOf).join(''), { sync: false })
          lines = all.length
          mustRewrite = false
        } else {
          await appendFile(file, fresh.map(lineOf).join(''), { mode: 0o600 })
          lines += fresh.length
        }
        saidFull = false
      } catch (error) {
        mustRewrite = true // part of it may be there
        if (!saidFull) log('warn', `facts could not be written to ${file}; they are kept in memory: ${messageOf(error)}`)
        saidFull = true
        break // with the next fact, or batch that was sent
      }
    }
    writing = undefined // in the turn that looked last: what is noted after it starts another
  }

  async function flush(): Promise<void> {
    let failures = 0
    while (!closing.signal.aborted) {
      if (queue.size === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        continue
      }
      const facts = [...queue.values().take(batchSize)]
      try {
        await control.post('/internal/facts', { machine: options.machine, sentAt: options.now().toISOString(), facts }, closing.signal)
      } catch (error) {
        if (closing.signal.aborted) return
        if (!isAppError(error, 'invalid')) {
          if (failures === 0) log('warn', `control does not take facts; ${queue.size} are kept: ${messageOf(error)}`)
          await sleep(backoffMs(200, 10_000, failures++), closing.signal).catch(() => undefined)
          continue
        }
        log('warn', `control refuses facts for good; they are skipped: ${messageOf(error)}: ${JSON.stringify(facts)}`)
      }
      failures = 0
      for (const { id } of facts) queue.delete(id)
      await writing
      mustRewrite = true
      await write()
    }
  }

  if (mustRewrite) await write()
  const flushing = flush()
  return {
    note({ kind, who, about, data }) {
      const id = `fct_${createHash('sha256').update(`${kind}\n${about}`).digest('hex').slice(0, 32)}`
      if (queue.has(id)) return
      const { app, environment, service, instance, release } = who
      const fact: Fact = { id, at: options.now().toISOString(), kind, app, environment, service, instance, release, data: { ...(who.name === undefined ? {} : { name: who.name }), ...data } }
      queue.set(id, fact)
      giveUpOldest()
      unwritten.push(fact)
      void write()
      wake()
    },
    waiting: () => queue.size,
    async close() {
      closing.abort()
      wake()
      await flushing
      await write()
    },
  }
}

function lineOf(fact: Fact): string {
  return `${JSON.stringify(fact)}\n`
}

async function load(file: string, log: LinkLog): Promise<{ facts: Fact[]; lines: number; isTorn: boolean }> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const lines = text.split('\n')
  const facts: Fact[] = []
  let isTorn = lines.pop() !== '' // what follows the last newline
  for (const line of text.split('\n')) {
    if (line === '') continue
    try {
      facts.push(JSON.parse(line) as Fact)
    } catch {
      isTorn = true
      log('warn', `a torn line in ${file} is skipped`)
    }
  }
  return { facts, lines: lines.length, isTorn }
}
