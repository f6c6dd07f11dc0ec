import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ExitStatus } from '#contract/wire.ts'
import { until } from '#test/harness/wait.ts'
import type { NewFact } from '../facts.ts'
import { noteExit } from './endings.ts'
import { identityOf } from './identity.ts'
import { type Ending, freshRecord, startAttempt, type SupervisionRecord } from './supervision.ts'
import { instanceSpec, quickRestart } from './testing/specs.ts'

const spec = instanceSpec('ins_1')
const who = identityOf(spec, 1, null)
const trace = 'the engine knows: stop at 03:07:12 (UTC), not by whom'

/** What the journal hears of an end that the engine has a trace of. */
function heard(exit: ExitStatus, ending: Ending | null): NewFact[] {
  const started = startAttempt(freshRecord(spec), quickRestart, 0)
  assert.equal(started.next.do, 'watch')
  const records = new Map<string, SupervisionRecord>([[spec.id, { ...started, next: { ...started.next, ending } as SupervisionRecord['next'] }]])
  const facts: NewFact[] = []
  const view = { who, status: { id: who.task, labels: {}, state: 'exited', pid: null, startedAt: new Date(0).toISOString(), address: null, exit } } as const
  noteExit(
    {
      state: { records: () => records, setRecord: (record) => void records.set(record.instance, record) },
      driver: { trace: async () => trace },
      endpoints: { unready() {}, gone() {} },
      facts: { note: (fact) => void facts.push(fact) },
      logs: { telling: () => null },
      closing: new AbortController().signal,
      now: () => 5_000,
      log: { info() {}, warn() {}, error() {} } as never,
    },
    { do: 'note-exit', instance: spec.id, spec, view, because: 'its process has ended' },
  )
  return facts
}

test('of an end that nobody here wanted the journal hears what the machine knows, also where the program ended in peace', async () => {
  const exit: ExitStatus = { code: 0, signal: null, oom: false, at: new Date(4_000).toISOString() }
  const facts = heard(exit, null)
  await until(() => facts.some(({ kind }) => kind === 'instance.traced'), { because: 'the trace is told' })
  assert.deepEqual(facts.find(({ kind }) => kind === 'instance.traced')?.data, { trace })
})

test('what this agent ended itself is not laid at the door of anybody', async () => {
  const exit: ExitStatus = { code: null, signal: 'SIGKILL', oom: false, at: new Date(4_000).toISOString() }
  const facts = heard(exit, { reason: 'frozen', because: 'it is frozen', since: 3_000, drainMs: 0 })
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(facts.map(({ kind }) => kind), ['instance.exited', 'instance.restarting'])
})
