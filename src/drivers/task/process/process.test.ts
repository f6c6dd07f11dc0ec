import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { taskConformance } from '../../../test/conformance/task.ts'
import { createProcessDriver } from './driver.ts'

const logs = { maxBytes: 64 * 1024 ** 2, stepBytes: 64 * 1024 }

const probe = mkdtempSync(join(tmpdir(), 'nightshift-task-'))
const driver = createProcessDriver({ dir: probe })
const noMemoryLimit = (await driver.limits()).find((limit) => limit.includes('memory')) ?? null
await driver.close()
rmSync(probe, { recursive: true })
if (noMemoryLimit) console.log(`SKIPPED the memory limits of the process driver: ${noMemoryLimit}`)

taskConformance('process', (folder) => ({ open: () => createProcessDriver({ dir: join(folder, 'tasks'), logs }), async cleanUp() {} }), {
  programs: true,
  memoryLimit: noMemoryLimit ?? true,
})

taskConformance(
  'process without control groups',
  (folder) => ({ open: () => createProcessDriver({ dir: join(folder, 'tasks'), logs, cgroups: null }), async cleanUp() {} }),
  { programs: true, memoryLimit: false },
)

// A machine with version 1 mounts an empty version 2 beside it: it has no limits, but groups all the same.
const versionTwo = '/sys/fs/cgroup/unified'
if (noMemoryLimit === null && existsSync(join(versionTwo, 'cgroup.controllers'))) {
  taskConformance(
    'process with version 2 control groups',
    (folder) => ({ open: () => createProcessDriver({ dir: join(folder, 'tasks'), logs, cgroups: versionTwo }), async cleanUp() {} }),
    { programs: true, memoryLimit: false },
  )
}
