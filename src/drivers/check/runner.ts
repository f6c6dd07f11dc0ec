/**
 * Runs checks when they are due (`plan.ts`), at most so many at once, never two of one check at a time, each with its
 * time limit. One timer for all of them. It knows nothing of states: it only says what each run saw.
 */
import { networkWords } from '#base/network-words.ts'
import { storable } from '#base/storable.ts'
import type { CheckSpec, Outcome } from '#contract/checks.ts'
import { judge } from './criteria.ts'
import { checkDrivers } from './index.ts'
import { nextDue, offsetOf, stillDue } from './plan.ts'
import type { CheckRunner, RunCheck, RunnerOptions } from './port.ts'

type Entry = { spec: CheckSpec; text: string; offsetMs: number; dueMs: number; running: boolean }

const maxAtOnce = 200
/** What ignores its signal is given up this long after it. */
const patienceMs = 1000
const keptLateness = 5000
const longestTimerMs = 60_000

export function startRunner({ vantage, tools, onResult, now = () => new Date() }: RunnerOptions): CheckRunner {
  const entries = new Map<string, Entry>()
  const closing = new AbortController()
  const underway = new Set<Promise<void>>()
  const late: number[] = []
  let timer: NodeJS.Timeout | undefined
  let armedFor = Infinity

  function arm() {
    let soonest = Infinity
    const at = now().getTime()
    for (const entry of entries.values()) {
      if (entry.running) continue
      entry.dueMs = stillDue(entry.dueMs, entry.offsetMs, entry.spec.everyMs, at)
      if (entry.dueMs < soonest) soonest = entry.dueMs
    }
    if (soonest === armedFor && timer !== undefined) return
    clearTimeout(timer)
    armedFor = soonest
    timer = undefined
    if (soonest === Infinity || closing.signal.aborted) return
    timer = setTimeout(tick, Math.min(longestTimerMs, Math.max(0, soonest - at)))
    timer.unref()
  }

  function tick() {
    timer = undefined
    const at = now().getTime()
    for (const entry of entries.values()) {
      if (entry.running || entry.dueMs > at || underway.size >= maxAtOnce) continue
      if (late.push(at - entry.dueMs) > keptLateness) late.shift()
      const run = runDue(entry)
      underway.add(run)
      void run.finally(() => underway.delete(run)).then(arm)
    }
    arm()
  }

  async function runDue(entry: Entry) {
    const { spec } = entry
    entry.running = true
    const at = now()
    const outcome = await once(spec)
    entry.running = false
    entry.dueMs = nextDue(entry.offsetMs, spec.everyMs, now().getTime())
    if (!closing.signal.aborted && entries.get(spec.id) === entry) onResult({ check: spec.id, vantage, at: at.toISOString(), ...outcome })
  }

  async function once(spec: CheckSpec): Promise<Outcome> {
    const started = performance.now()
    const ended = new AbortController()
    const limit = setTimeout(() => ended.abort(new Error(`no answer within ${spec.timeoutMs} ms`)), spec.timeoutMs)
    const signal = AbortSignal.any([closing.signal, ended.signal])
    try {
      const run = (await loaded(spec.kind)) as RunCheck
      const said = await Promise.race([run(spec.config, { signal, now, timeoutMs: spec.timeoutMs, spec, tools }), givenUp(signal)])
      // none says more than can be told in JSON
      const metrics = (said.metrics ?? []).filter(({ value }) => typeof value === 'string' || Number.isFinite(value))
      const durationMs = Math.round((said.durationMs ?? performance.now() - started) * 10) / 10
      return storable({ ...judge(said, metrics, spec.criteria), durationMs, metrics })
    } catch (error) {
      const because = signal.aborted ? signal.reason : error
      return { status: 'err', message: storable(networkWords(because).slice(0, 500)), durationMs: Math.round(performance.now() - started), metrics: [] }
    } finally {
      clearTimeout(limit)
    }
  }

  return {
    set(specs) {
      const wanted = new Set(specs.map(({ id }) => id))
      for (const id of entries.keys()) if (!wanted.has(id)) entries.delete(id)
      const at = now().getTime()
      for (const spec of specs) {
        const text = JSON.stringify(spec)
        if (entries.get(spec.id)?.text === text) continue
        const known = entries.get(spec.id)
        const offsetMs = offsetOf(spec.id, vantage, spec.everyMs)
        entries.set(spec.id, { spec, text, offsetMs, running: false, dueMs: known === undefined || known.spec.everyMs !== spec.everyMs ? soon(offsetMs, spec.everyMs, at) : known.dueMs })
      }
      arm()
    },
    once,
    lateness: () => [...late],
    async close() {
      clearTimeout(timer)
      closing.abort(new Error('checks are closing'))
      await Promise.allSettled(underway)
    },
  }
}

/** A new check that is far from due runs once soon, so that people see what it says. */
const soonMs = 2000
function soon(offsetMs: number, everyMs: number, at: number): number {
  const due = nextDue(offsetMs, everyMs, at)
  return Math.min(due, at + (offsetMs % soonMs))
}

function givenUp(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const after = () => void setTimeout(() => reject(signal.reason as Error), patienceMs).unref()
    if (signal.aborted) after()
    else signal.addEventListener('abort', after, { once: true })
  })
}

const cache = new Map<string, Promise<RunCheck<never>>>()

function loaded(kind: string): Promise<RunCheck<never>> {
  const known = cache.get(kind)
  if (known) return known
  const driver = checkDrivers.find((each) => each.kind === kind)
  if (driver === undefined) throw new Error(`this version has no check of kind ${kind}`)
  const loading = driver.load()
  cache.set(kind, loading)
  return loading
}
