/** A command in a running container, over a connection that the engine hands over whole (hijacked). */
import type { Duplex } from 'node:stream'
import type Docker from 'dockerode'
import { sleep } from '#base/clock.ts'
import { TaskError } from '../port.ts'
import type { ExecSession } from '../port.ts'
import { sendSignal } from '../process/proc.ts'
import { statusOf, taskErrorOf } from './engine.ts'

export async function startContainerExec(
  container: Docker.Container,
  id: string,
  options: { argv: string[]; env: Record<string, string>; tty: { cols: number; rows: number } | null },
): Promise<ExecSession> {
  const { tty } = options
  let exec: Docker.Exec
  let stream: Duplex
  try {
    exec = await container.exec({
      Cmd: options.argv,
      Env: Object.entries({ ...(tty ? { TERM: 'xterm-256color' } : {}), ...options.env }).map(([name, value]) => `${name}=${value}`),
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      Tty: tty !== null,
    })
    stream = await exec.start({ hijack: true, stdin: true, Tty: tty !== null })
    if (tty) await exec.resize({ w: tty.cols, h: tty.rows })
  } catch (error) {
    if (statusOf(error) === 409) throw new TaskError('exec in', id, 'it has exited', { retryable: false, cause: error })
    throw taskErrorOf('exec in', id, error)
  }
  const early: Buffer[] = []
  let listener: ((data: Buffer) => void) | undefined
  const output = (data: Buffer) => (listener ? listener(data) : void early.push(data))
  let rest: Buffer = Buffer.alloc(0)
  stream.on('data', (chunk: Buffer) => {
    if (tty) return output(chunk)
    let data = Buffer.concat([rest, chunk])
    while (data.length >= 8 && data.length >= 8 + data.readUInt32BE(4)) {
      const end = 8 + data.readUInt32BE(4)
      output(data.subarray(8, end))
      data = data.subarray(end)
    }
    rest = data
  })
  const closed = new Promise<void>((resolve) => {
    for (const event of ['end', 'close', 'error']) stream.once(event, () => resolve())
  })
  return {
    onOutput(next) {
      listener = next
      for (const data of early.splice(0)) next(data)
    },
    exited: closed.then(() => exitCode(exec)),
    write(data) {
      if (stream.writableEnded) return
      if (data.length > 0) stream.write(data)
      else if (tty) stream.write('\x04')
      else stream.end()
    },
    resize(cols, rows) {
      void exec.resize({ w: Math.max(1, cols), h: Math.max(1, rows) }).catch(() => {}) // it has ended meanwhile
    },
    close() {
      void endExec(exec).finally(() => stream.destroy())
    },
  }
}

/** The output's end comes a moment before the engine knows the exit code. */
async function exitCode(exec: Docker.Exec): Promise<{ code: number | null }> {
  for (let tries = 0; tries < 200; tries++) {
    const state = await exec.inspect().catch(() => null)
    if (!state) break
    if (!state.Running) return { code: state.ExitCode }
    await sleep(10)
  }
  return { code: null }
}

/** The engine has no way to end an exec, but on its own machine it is a process like any other. */
async function endExec(exec: Docker.Exec): Promise<void> {
  const state = await exec.inspect().catch(() => null)
  if (!state?.Running || state.Pid <= 1) return
  try {
    sendSignal(state.Pid, 'SIGKILL')
  } catch {
    // Not ours to signal: it ends with its terminal or its container.
  }
}
