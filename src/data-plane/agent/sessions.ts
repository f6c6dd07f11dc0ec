/**
 * Terminals: a command in a running instance, or a one-off in a fresh one. A fresh one is a task of kind `run` whose
 * process only waits, with the command run in it, so that both kinds have the same terminal, signals and end.
 *
 * Sessions survive nothing: when the connection to control or the agent ends they end, and the task of a one-off is
 * stopped and removed (after a kill of the agent: by the next one, which finds it by its label).
 */
import type { AgentToControl, ControlToAgent, InstanceSpec } from '#contract/wire.ts'
import { AppError, messageOf } from '#base/errors.ts'
import type { ExecSession, TaskDriver, TaskStatus } from '#drivers/task/port.ts'
import { taskId } from './identity.ts'
import type { Log } from './log.ts'

type Message<T extends ControlToAgent['t']> = Extract<ControlToAgent, { t: T }>
type Open = Message<'session.open'>

export type Sessions = {
  open(message: Open): void
  input(message: Message<'session.input'>): void
  resize(message: Message<'session.resize'>): void
  close(message: Message<'session.close'>): void
  /** Tasks of one-offs that are alive. */
  tasks(): ReadonlySet<string>
  closeAll(): Promise<void>
}

const outputPieceBytes = 32 * 1024
/** A process that only waits, on every system: `infinity` is not everywhere. */
const waitForever = ['/bin/sleep', '2147483647']

export function createSessions(options: {
  driver: Pick<TaskDriver, 'exec' | 'stop' | 'remove'>
  send(message: AgentToControl): void
  /** The running task of an instance. */
  runningTask(instance: string): string | null
  /** Starts a task of that spec, without restarts. */
  startOnce(spec: InstanceSpec): Promise<TaskStatus>
  /** A one-off's task is no longer ours. */
  onEnded(): void
  log: Log
}): Sessions {
  const { driver, log } = options
  type Live = { exec: ExecSession | null; early: Buffer[]; size: { cols: number; rows: number } | null; closed: boolean; done: Promise<void> }
  const live = new Map<string, Live>()
  const tasks = new Set<string>()

  async function run(message: Open, state: Live): Promise<void> {
    const { session } = message
    let oneOff: string | null = null
    try {
      const env = message.tty ? { TERM: 'xterm-256color' } : {}
      let task: string | null
      if (message.spec) {
        const spec: InstanceSpec = { ...message.spec, kind: 'run', port: null, command: { kind: 'argv', argv: waitForever } }
        oneOff = taskId(spec.id, spec.generation, 1)
        tasks.add(oneOff)
        task = (await options.startOnce(spec)).id
      } else task = message.instance ? options.runningTask(message.instance) : null
      if (!task) throw new AppError('not-found', `instance ${message.instance ?? '(none named)'} is not running here`)
      if (state.closed) return
      const exec = await driver.exec(task, { argv: message.argv, env, tty: message.tty })
      state.exec = exec
      exec.onOutput((data) => {
        for (let at = 0; at < data.length; at += outputPieceBytes)
          options.send({ t: 'session.output', session, data: data.subarray(at, at + outputPieceBytes).toString('base64') })
      })
      options.send({ t: 'session.opened', session })
      if (state.closed) exec.close()
      if (state.size) exec.resize(state.size.cols, state.size.rows)
      for (const data of state.early.splice(0)) exec.write(data)
      const { code } = await exec.exited
      options.send({ t: 'session.closed', session, exitCode: code })
    } catch (error) {
      options.send({ t: 'session.closed', session, exitCode: null, error: messageOf(error) })
    } finally {
      live.delete(session)
      if (oneOff) await cleanUp(oneOff)
    }
  }

  async function cleanUp(task: string): Promise<void> {
    try {
      await driver.stop(task, { signal: 'SIGKILL', graceMs: 0 })
      await driver.remove(task)
    } catch (error) {
      log.warn({ task, error: messageOf(error) }, 'the task of a one-off could not be removed; trying again')
    }
    tasks.delete(task)
    options.onEnded()
  }

  function end(state: Live) {
    state.closed = true
    state.exec?.close()
  }

  return {
    open(message) {
      if (live.has(message.session)) return
      const state: Live = { exec: null, early: [], size: null, closed: false, done: Promise.resolve() }
      live.set(message.session, state)
      state.done = run(message, state)
    },
    input(message) {
      const state = live.get(message.session)
      const data = Buffer.from(message.data, 'base64')
      if (state?.exec) state.exec.write(data)
      else state?.early.push(data)
    },
    resize({ session, cols, rows }) {
      const state = live.get(session)
      if (!state) return
      if (state.exec) state.exec.resize(cols, rows)
      else state.size = { cols, rows }
    },
    close({ session }) {
      const state = live.get(session)
      if (state) end(state)
    },
    tasks: () => tasks,
    async closeAll() {
      const all = [...live.values()]
      for (const state of all) end(state)
      await Promise.all(all.map((state) => state.done))
    },
  }
}
