/** From a wanted instance to its task: prepared, its attempt written down, started. */
import type { InstanceSpec } from '#contract/wire.ts'
import { sleep } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import type { TaskDriver, TaskSpec } from '#drivers/task/port.ts'
import type { Facts } from '../facts.ts'
import { tellNext } from './endings.ts'
import { displayName, identityOf } from './identity.ts'
import type { Log } from './log.ts'
import type { Starter } from './starter.ts'
import type { AgentState } from './state.ts'
import { afterExit, afterPrepareFailure, recordFor, startAttempt, type SupervisionRecord } from './supervision.ts'

export type StartingTools = {
  state: Pick<AgentState, 'records' | 'setRecord' | 'save'>
  driver: Pick<TaskDriver, 'start'>
  starter: Starter
  facts: Pick<Facts, 'note'>
  /** Still wanted, now that its preparation took a while? */
  wanted(spec: InstanceSpec): boolean
  closing: AbortSignal
  now(): number
  log: Log
}

const pauseAfterFailureMs = 1_000
const nothing = () => {}

/** Resolves to what the loop has to note in the records. Never rejects for what can go wrong with an instance. */
export async function startInstance(tools: StartingTools, asked: InstanceSpec): Promise<() => void> {
  const { state, starter, log } = tools
  const before = recordFor(asked, state.records().get(asked.id))
  // the record can be ahead of a control plane that was restored from a backup
  const spec = { ...asked, generation: before.generation }
  const resumed = before.next.do === 'watch'
  const postpone = (because: string) => () => {
    if (!resumed) state.setRecord(afterPrepareFailure(before, because, tools.now()))
  }
  let prepared
  try {
    prepared = await starter.prepare(spec, resumed ? before.attempt : before.attempt + 1)
  } catch (error) {
    log.warn({ instance: spec.id, name: displayName(spec), error: messageOf(error) }, 'an instance cannot be started yet')
    if (resumed) await sleep(pauseAfterFailureMs, tools.closing).catch(() => undefined)
    return postpone(messageOf(error))
  }
  try {
    if (!tools.wanted(asked)) return nothing
    const record = resumed ? before : startAttempt(before, spec.restart, tools.now())
    state.setRecord(record)
    const written = await state.save({ sync: spec.kind !== 'service' })
    if (!written && spec.kind !== 'service') {
      state.setRecord(before)
      return postpone('its attempt could not be written down, and it must not run twice (is the disk full?)')
    }
    return await startTask(tools, spec, record, prepared.task)
  } finally {
    prepared.release()
  }
}

async function startTask(tools: StartingTools, spec: InstanceSpec, record: SupervisionRecord, task: TaskSpec): Promise<() => void> {
  const { state, driver, facts, now, log } = tools
  const since = now()
  const who = identityOf(spec, record.attempt, task.port)
  try {
    const status = await driver.start(task, tools.closing)
    log.info({ task: task.id, name: displayName(spec), pid: status.pid, port: task.port }, 'started')
    facts.note({ kind: 'instance.started', who, about: task.id, data: { generation: spec.generation, attempt: record.attempt, pid: status.pid, address: status.address } })
    return () => {
      if (record.next.do === 'watch') state.setRecord({ ...record, next: { ...record.next, since, started: true } })
    }
  } catch (error) {
    const failure = messageOf(error)
    log.warn({ task: task.id, name: displayName(spec), error: failure }, 'an instance could not be started')
    return () => {
      const next = afterExit(record, spec, { exit: null, ranMs: 0, failure }, now())
      state.setRecord(next)
      tellNext(tools, who, next, { failure })
    }
  }
}
