/** What a task driver's conformance suite needs of a driver, and how its tests speak of tasks. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { chmod } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { CommandSpec, LogEntry } from '#contract/wire.ts'
import type { ExecSession, TaskDriver, TaskSpec, TaskStatus } from '#drivers/task/port.ts'
import { until } from '../harness/wait.ts'

export type TaskWorld = {
  /** A new driver object over the same tasks, as after a restart of whoever held the last one. */
  open(): TaskDriver | Promise<TaskDriver>
  /** After all tasks are removed and all drivers closed. */
  cleanUp(): Promise<void>
}

export type TaskFeatures = {
  /** Tasks are real programs (files, terminals, children); a simulation has none. */
  programs: boolean
  /** Memory limits are enforced; or a text: why this machine cannot show it. */
  memoryLimit: boolean | string
}

/** A task in words; a real driver runs the command, a simulation reads the same from SIMULATE. */
export type Behaviour = {
  shell: string
  simulate: { exitAfterMs?: number; frozenAfterMs?: number; code?: number; signal?: string; oom?: boolean; ignores?: string[]; lines?: string[]; flood?: number; memoryBytes?: number }
}

/** The app of every task here. Its own per run, as an engine's networks are shared by all who use the engine. */
export const testApp = `shop-${process.pid}`

export const sleeper: Behaviour = { shell: 'exec sleep 1000', simulate: {} }

/** One driver under test: opened, restarted and cleaned up with everything it started. */
export class Bench {
  readonly folder: string
  readonly #world: TaskWorld
  readonly #drivers: TaskDriver[] = []
  driver: TaskDriver
  #count = 0

  private constructor(folder: string, world: TaskWorld, driver: TaskDriver) {
    this.folder = folder
    this.#world = world
    this.driver = driver
    this.#drivers.push(driver)
  }

  static async open(makeWorld: (folder: string) => TaskWorld | Promise<TaskWorld>): Promise<Bench> {
    const folder = await mkdtemp(join(tmpdir(), 'nightshift-task-'))
    await chmod(folder, 0o711)
    const world = await makeWorld(folder)
    return new Bench(folder, world, await world.open())
  }

  /** The holder of the driver dies; another comes. */
  async reopen(): Promise<TaskDriver> {
    await this.driver.close()
    this.driver = await this.#world.open()
    this.#drivers.push(this.driver)
    return this.driver
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      (await this.driver.list()).map(async ({ id }) => {
        await this.driver.stop(id, { signal: 'SIGKILL', graceMs: 0 })
        await this.driver.remove(id)
      }),
    )
    for (const driver of this.#drivers) await driver.close()
    await this.#world.cleanUp()
    await rm(this.folder, { recursive: true, force: true })
  }

  async slug(files: Record<string, string> = {}): Promise<string> {
    const top = join(this.folder, `slug-${++this.#count}`)
    await mkdir(top)
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(top, path)), { recursive: true })
      await writeFile(join(top, path), content)
    }
    return top
  }

  async spec(behaviour: Behaviour, more: Partial<TaskSpec> = {}): Promise<TaskSpec> {
    const command: CommandSpec = { kind: 'shell', line: behaviour.shell }
    return {
      id: `ins_test${++this.#count}.1-1`,
      labels: { app: testApp, environment: 'production', service: 'web' },
      artifact: { kind: 'slug', digest: '0'.repeat(64), sizeBytes: 1 },
      slugPath: more.slugPath === undefined ? await this.slug() : more.slugPath,
      root: '.',
      command,
      port: null,
      volumes: [],
      resources: { memoryBytes: null, cpu: null },
      stopSignal: 'SIGTERM',
      ...more,
      env: { SIMULATE: JSON.stringify(behaviour.simulate), ...more.env },
    }
  }

  async run(behaviour: Behaviour, more: Partial<TaskSpec> = {}): Promise<TaskStatus> {
    return this.driver.start(await this.spec(behaviour, more))
  }

  async status(id: string): Promise<TaskStatus | undefined> {
    return (await this.driver.list()).find((task) => task.id === id)
  }

  ended(id: string): Promise<TaskStatus> {
    return until(async () => {
      const status = await this.status(id)
      return status?.state === 'exited' ? status : undefined
    }, { because: `task ${id} has exited` })
  }

  /** All output from `cursor` on until there is no more. */
  async lines(id: string, cursor?: string): Promise<{ lines: string[]; entries: LogEntry[]; cursor: string; dropped: number }> {
    const entries: LogEntry[] = []
    let at = cursor
    let dropped = 0
    while (true) {
      const page = await this.driver.logs(id, at, 256 * 1024)
      at = page.cursor
      dropped += page.dropped
      if (page.entries.length === 0) return { lines: entries.map((entry) => entry.text), entries, cursor: at, dropped }
      entries.push(...page.entries)
    }
  }

  /** Waits until the task has written a line that `matches`, and gives the match. */
  said(id: string, matches: RegExp): Promise<RegExpExecArray> {
    return until(async () => (await this.lines(id)).lines.map((line) => matches.exec(line)).find((match) => match !== null), {
      because: `task ${id} says ${matches}`,
    })
  }
}

/** Everything a session wrote, until it ended. */
export async function transcript(session: ExecSession): Promise<{ text: string; code: number | null }> {
  let text = ''
  session.onOutput((data) => {
    text += data.toString('utf8')
  })
  const { code } = await session.exited
  return { text, code }
}
