import { join } from 'node:path'
import { taskConformance } from '../../../test/conformance/task.ts'
import { createProcessDriver } from './driver.ts'

const limits = await (async () => {
  const { mkdtemp, rm } = await import('node:fs/promises')
  const { tmpdir } = await import('node:os')
  const dir = await mkdtemp(join(tmpdir(), 'nightshift-task-'))
  const driver = createProcessDriver({ dir })
  try {
    return await driver.limits()
  } finally {
    await driver.close()
    await rm(dir, { recursive: true })
  }
})()
const noMemoryLimit = limits.find((limit) => limit.includes('memory')) ?? null
if (noMemoryLimit) console.log(`SKIPPED the memory tests of the process driver: ${noMemoryLimit}`)

taskConformance(
  'process',
  (folder) => ({
    open: () => createProcessDriver({ dir: join(folder, 'tasks'), logs: { maxBytes: 64 * 1024 ** 2, stepBytes: 64 * 1024 } }),
    async cleanUp() {},
  }),
  { programs: true, noMemoryLimit, releases: true },
)
