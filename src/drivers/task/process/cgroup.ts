/**
 * Control groups of tasks: limits on memory, CPU and processes, exact accounts of them, and the one list of a task's
 * processes that nothing unprivileged can leave. Both kernel interfaces: v1 (one tree per controller) and v2 (one tree).
 *
 * A task's group is `nightshift/<key of the driver's folder>/<task id>`. Without root, or without the trees, there are
 * no groups, and `limits` says so.
 */
import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { sleep } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'

export type CgroupLimits = { memoryBytes: number | null; cpu: number | null; pids: number }

export type TaskGroup = {
  /** Creates it and sets the limits. Throws when the kernel refuses one. */
  create(limits: CgroupLimits): void
  join(pid: number): void
  pids(): number[]
  /** Kills by the kernel because the memory limit was reached. */
  oomKills(): number
  cpuSeconds(): number | null
  memoryBytes(): number | null
  /** Gives it back. Tries for a second, as the last process may still be on its way out. */
  remove(): Promise<void>
}

export type Cgroups = {
  /** What is not enforced, and why. */
  limits: string[]
  of(id: string): TaskGroup
  /** Every group there is below the driver's own. */
  ids(): string[]
}

const controllers = ['memory', 'cpu', 'cpuacct', 'pids'] as const
type Controller = (typeof controllers)[number]
const quotaPeriodUs = 100_000

/** The groups for tasks of a driver over `dir`, in the trees at `mount`; or why there are none. */
export function findCgroups(dir: string, mount: string): { cgroups: Cgroups } | { because: string } {
  if (process.platform !== 'linux') return { because: `${process.platform} has no control groups` }
  if (process.getuid?.() !== 0) return { because: 'Nightshift does not run as root' }
  const key = join('nightshift', createHash('sha256').update(dir).digest('hex').slice(0, 12))
  if (existsSync(join(mount, 'cgroup.controllers'))) return versionTwo(key, mount)
  const found = controllers.filter((name) => existsSync(join(mount, name, 'cgroup.procs')) && writable(join(mount, name)))
  return found.includes('pids') ? { cgroups: versionOne(key, found, mount) } : { because: `no usable control groups under ${mount}` }
}

function writable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

function field(text: string | null, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text ?? '')?.[1] ?? 0)
}

function pidsIn(path: string): number[] {
  return (read(join(path, 'cgroup.procs')) ?? '').split('\n').filter(Boolean).map(Number)
}

function foldersIn(path: string): string[] {
  if (!existsSync(path)) return []
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
}

function numberIn(path: string): number | null {
  const text = read(path)
  return text === null ? null : Number(text)
}

async function removeFolders(paths: string[]): Promise<void> {
  const deadline = Date.now() + 1000
  for (const path of paths) {
    while (existsSync(path)) {
      try {
        rmdirSync(path)
      } catch (error) {
        if (Date.now() > deadline) throw error
        await sleep(10)
      }
    }
    removeEmpty(dirname(path))
    removeEmpty(dirname(dirname(path)))
  }
}

/** The driver's own folder, and `nightshift`, go with their last task. */
function removeEmpty(path: string): void {
  try {
    rmdirSync(path)
  } catch {
    // Other tasks are in it.
  }
}

function versionOne(key: string, found: Controller[], mount: string): Cgroups {
  const limits: string[] = []
  if (!found.includes('memory')) limits.push('no memory control group: memory limits are not enforced')
  if (!found.includes('cpu')) limits.push('no cpu control group: cpu limits are not enforced')
  return {
    limits,
    ids: () => foldersIn(join(mount, 'pids', key)),
    of(id) {
      const path = (controller: Controller) => join(mount, controller, key, id)
      return {
        create({ memoryBytes, cpu, pids }) {
          for (const controller of found) mkdirSync(path(controller), { recursive: true })
          writeFileSync(join(path('pids'), 'pids.max'), String(pids))
          if (memoryBytes !== null && found.includes('memory')) {
            writeFileSync(join(path('memory'), 'memory.limit_in_bytes'), String(memoryBytes))
            const withSwap = join(path('memory'), 'memory.memsw.limit_in_bytes')
            if (existsSync(withSwap)) writeFileSync(withSwap, String(memoryBytes))
          }
          if (cpu !== null && found.includes('cpu')) {
            writeFileSync(join(path('cpu'), 'cpu.cfs_period_us'), String(quotaPeriodUs))
            writeFileSync(join(path('cpu'), 'cpu.cfs_quota_us'), String(Math.max(1000, Math.round(cpu * quotaPeriodUs))))
          }
        },
        join(pid) {
          for (const controller of found) writeFileSync(join(path(controller), 'cgroup.procs'), String(pid))
        },
        pids: () => pidsIn(path('pids')),
        oomKills: () => field(read(join(path('memory'), 'memory.oom_control')), 'oom_kill'),
        cpuSeconds() {
          const nanoseconds = numberIn(join(path('cpuacct'), 'cpuacct.usage'))
          return nanoseconds === null ? null : nanoseconds / 1e9
        },
        memoryBytes() {
          const used = numberIn(join(path('memory'), 'memory.usage_in_bytes'))
          return used === null ? null : Math.max(0, used - field(read(join(path('memory'), 'memory.stat')), 'total_inactive_file'))
        },
        remove: () => removeFolders(found.map(path)),
      }
    },
  }
}

function versionTwo(key: string, mount: string): { cgroups: Cgroups } | { because: string } {
  const limits: string[] = []
  /** Lets the groups below the driver's own have controllers. The folders go with their last task, so it is done for each. */
  const divide = () => {
    for (const parent of [mount, join(mount, 'nightshift'), join(mount, key)]) {
      mkdirSync(parent, { recursive: true })
      const offered = (read(join(parent, 'cgroup.controllers')) ?? '').split(/\s+/)
      const active = (read(join(parent, 'cgroup.subtree_control')) ?? '').split(/\s+/)
      for (const controller of ['memory', 'cpu', 'pids']) {
        if (offered.includes(controller) && !active.includes(controller)) writeFileSync(join(parent, 'cgroup.subtree_control'), `+${controller}`)
      }
    }
  }
  try {
    divide()
    const offered = (read(join(mount, 'cgroup.controllers')) ?? '').split(/\s+/)
    for (const controller of ['memory', 'cpu', 'pids']) {
      if (!offered.includes(controller)) limits.push(`no ${controller} control group: ${controller} limits are not enforced`)
    }
    removeEmpty(join(mount, key))
    removeEmpty(join(mount, 'nightshift'))
  } catch (error) {
    return { because: `${mount} cannot be divided: ${messageOf(error)}` }
  }
  const write = (path: string, value: string) => {
    if (existsSync(path)) writeFileSync(path, value)
  }
  return {
    cgroups: {
      limits,
      ids: () => foldersIn(join(mount, key)),
      of(id) {
        const path = join(mount, key, id)
        return {
          create({ memoryBytes, cpu, pids }) {
            divide()
            mkdirSync(path, { recursive: true })
            write(join(path, 'pids.max'), String(pids))
            if (memoryBytes !== null) {
              write(join(path, 'memory.max'), String(memoryBytes))
              write(join(path, 'memory.swap.max'), '0')
            }
            if (cpu !== null) write(join(path, 'cpu.max'), `${Math.max(1000, Math.round(cpu * quotaPeriodUs))} ${quotaPeriodUs}`)
          },
          join: (pid) => writeFileSync(join(path, 'cgroup.procs'), String(pid)),
          pids: () => pidsIn(path),
          oomKills: () => field(read(join(path, 'memory.events')), 'oom_kill'),
          cpuSeconds() {
            const text = read(join(path, 'cpu.stat'))
            return text === null ? null : field(text, 'usage_usec') / 1e6
          },
          memoryBytes() {
            const used = numberIn(join(path, 'memory.current'))
            return used === null ? null : Math.max(0, used - field(read(join(path, 'memory.stat')), 'inactive_file'))
          },
          remove: () => removeFolders([path]),
        }
      },
    },
  }
}
