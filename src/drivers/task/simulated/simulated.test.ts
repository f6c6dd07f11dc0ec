import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { manualClock } from '#base/clock.ts'
import { taskConformance } from '../../../test/conformance/task.ts'
import { Bench } from '../../../test/conformance/task-world.ts'
import { createSimulatedDriver } from './driver.ts'

taskConformance(
  'simulated',
  (folder) => ({
    open: () => createSimulatedDriver({ dir: join(folder, 'tasks') }),
    async cleanUp() {},
  }),
  { programs: false, memoryLimit: false },
)

test('a start that is scripted to fail fails as scripted', async () => {
  await using bench = await Bench.open((folder) => ({ open: () => createSimulatedDriver({ dir: folder }), async cleanUp() {} }))
  const spec = await bench.spec({ shell: '', simulate: {} }, { labels: { simulate: '{"startError":"no room","retryable":true}' } })
  await assert.rejects(bench.driver.start(spec), { name: 'TaskError', retryable: true, message: /no room/ })
  await assert.rejects(bench.driver.start({ ...spec, labels: { simulate: '{"explode":1}' } }), { retryable: false, message: /script/ })
})

test('a day passes in no time for simulated tasks', async () => {
  const clock = manualClock(new Date('2026-01-01T00:00:00Z'))
  await using bench = await Bench.open((folder) => ({ open: () => createSimulatedDriver({ dir: folder }, clock), async cleanUp() {} }))
  const { id } = await bench.run({ shell: '', simulate: { exitAfterMs: 86_400_000, code: 2 } })
  clock.advance(86_399_999)
  assert.equal((await bench.status(id))?.state, 'running')
  clock.advance(1)
  assert.deepEqual((await bench.status(id))?.exit, { code: 2, signal: null, oom: false, at: '2026-01-02T00:00:00.000Z' })
})
