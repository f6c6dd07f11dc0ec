/** What is written down and told when a task has ended: its exit, what follows, and who killed it. */
import type { ExitStatus } from '#contract/wire.ts'
import type { TaskDriver } from '#drivers/task/port.ts'
import type { Facts } from '../facts.ts'
import type { Endpoints } from './endpoints.ts'
import { displayName, identityOf, type TaskIdentity, type TaskView } from './identity.ts'
import type { Log } from './log.ts'
import { type Action, graceOf } from './plan.ts'
import type { TaskLogs } from './shipping/task-logs.ts'
import type { AgentState } from './state.ts'
import { afterExit, causeOfEnd, type Ending, isFault, type Next, type SupervisionRecord } from './supervision.ts'

export type EndingTools = {
  state: Pick<AgentState, 'records' | 'setRecord'>
  driver: Pick<TaskDriver, 'trace'>
  endpoints: Pick<Endpoints, 'unready' | 'gone'>
  facts: Pick<Facts, 'note'>
  logs: Pick<TaskLogs, 'telling'>
  closing: AbortSignal
  now(): number
  log: Log
}

export function noteExit(tools: EndingTools, action: Extract<Action, { do: 'note-exit' }>): void {
  const { state, endpoints, facts, log } = tools
  const record = state.records().get(action.instance)
  if (record?.next.do !== 'watch') return
  const { next } = record
  const now = tools.now()
  const exit = action.view?.status.exit ?? null
  const startedAt = action.view ? Date.parse(action.view.status.startedAt) : next.since
  const ranMs = Math.max(0, (exit ? Date.parse(exit.at) : now) - startedAt)
  const said = tools.logs.telling(action.instance)
  const after: SupervisionRecord = action.spec
    ? afterExit(record, action.spec, { exit, ranMs, ...(action.view ? {} : { failure: action.because }), ...(said === null ? {} : { said }) }, now)
    : { ...record, lastExit: exit, next: { do: 'none', because: next.ending?.because ?? action.because } }
  state.setRecord(after)
  const who = action.view?.who ?? (action.spec && identityOf(action.spec, record.attempt, null))
  const ignored = action.view && next.ending ? ignoredStop(action.view, next.ending, exit) : null
  const wanted = next.ending && !isFault(next.ending.reason)
  if (who) {
    const data = { generation: record.generation, attempt: record.attempt, ranMs, noticedAfterMs: exit ? Math.max(0, now - Date.parse(exit.at)) : null, because: next.ending?.because ?? null, cause: causeOfEnd(next.ending, exit), code: exit?.code ?? null, signal: exit?.signal ?? null, oom: exit?.oom ?? false, ...(ignored === null ? {} : { ignored }) }
    const kind = wanted ? 'instance.stopped' : action.view ? 'instance.exited' : 'instance.vanished'
    facts.note({ kind, who, about: next.task, data })
    tellNext(tools, who, after, data)
    // also after an exit of its own: a stop by somebody else's hand lets a program end as it likes
    if (kind === 'instance.vanished' || next.ending === null) void tellTrace(tools, who)
    log.info({ task: next.task, name: displayName(who), exit, ranMs, because: next.ending?.because, next: describeNext(after.next) }, 'ended')
  }
  if (after.next.do === 'start') endpoints.unready(action.instance)
  else endpoints.gone(action.instance)
}

/** What follows an end, for the journal. */
export function tellNext({ facts, now, log }: Pick<EndingTools, 'facts' | 'now' | 'log'>, who: TaskIdentity, record: SupervisionRecord, data: Record<string, unknown>): void {
  const { next } = record
  if (next.do !== 'start' || !next.restart) return
  const retryAt = new Date(Math.max(next.at, now())).toISOString()
  const kind = next.held ? 'instance.held' : 'instance.restarting'
  facts.note({ kind, who, about: who.task, data: { ...data, because: next.because, retryAt, restarts: record.restarts, lastExit: record.lastExit } })
  if (next.held) log.warn({ instance: who.instance, name: displayName(who), because: next.because }, 'held')
}

/** By somebody else's hand: what the machine knows of that. A fact of its own, since its end must wait for nothing. */
async function tellTrace({ driver, facts, closing }: EndingTools, who: TaskIdentity): Promise<void> {
  const trace = await driver.trace(who.task).catch(() => null)
  if (trace !== null && !closing.aborted) facts.note({ kind: 'instance.traced', who, about: who.task, data: { trace } })
}

/** It was asked to end, did not within its grace, and was killed. */
function ignoredStop({ who }: TaskView, { reason, since }: Ending, exit: ExitStatus | null): { signal: string; graceMs: number } | null {
  const graceMs = graceOf(who.stop, reason)
  const { signal } = who.stop
  if (exit?.signal !== 'SIGKILL' || exit.oom || signal === 'SIGKILL' || graceMs === 0) return null
  return Date.parse(exit.at) - since >= graceMs ? { signal, graceMs } : null
}

function describeNext(next: Next): string {
  return next.do === 'watch' ? `watch ${next.task}` : next.because
}
