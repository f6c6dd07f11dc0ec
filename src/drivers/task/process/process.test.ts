import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { Bench, sleeper } from '../../../test/conformance/task-world.ts'
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

test('nothing in the folders above an app says what kind of modules it has', async () => {
  const path = [dirname(process.execPath)]
  await using bench = await Bench.open((folder) => ({ open: () => createProcessDriver({ dir: join(folder, 'tasks'), logs, path }), async cleanUp() {} }))
  writeFileSync(join(bench.folder, 'package.json'), '{ "type": "module" }')
  const slugPath = await bench.slug({ 'server.js': 'console.log(typeof require)' })
  const { id } = await bench.run(sleeper, { slugPath, command: { kind: 'argv', argv: ['node', 'server.js'] } })
  await bench.ended(id)
  assert.deepEqual((await bench.lines(id)).lines, ['function'])
})
