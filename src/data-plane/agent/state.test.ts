import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { tempHome } from '#test/harness/home.ts'
import { replaceFile } from '../durable-file.ts'
import { openState } from './state.ts'
import { freshRecord } from './supervision.ts'
import { logInto } from './testing/agent-world.ts'

const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })

async function world() {
  const folder = await tempHome()
  await mkdir(join(folder.home, 'keys'))
  await writeFile(join(folder.home, 'keys', 'secret.key'), Buffer.alloc(32, 7).toString('base64'))
  const flushes: boolean[] = []
  let isFull = false
  const replace: typeof replaceFile = async (path, content, options) => {
    if (isFull) throw full
    await replaceFile(path, content, options)
    flushes.push(options.sync)
  }
  return {
    flushes,
    setFull: (value: boolean) => void (isFull = value),
    open: () => openState(folder.home, logInto([]), replace),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

test('a save that must be flushed is flushed, also when a plain one that waits before it has written the same', async () => {
  await using here = await world()
  const state = await here.open()
  state.setRecord(freshRecord({ id: 'ins_web', generation: 1 }))
  const plain = state.save()
  state.setRecord(freshRecord({ id: 'ins_release', generation: 1 }))
  const flushed = state.save({ sync: true })
  assert.deepEqual(await Promise.all([plain, flushed]), [true, true])
  assert.equal(here.flushes.at(-1), true)
  const { length } = here.flushes
  await state.save()
  await state.save({ sync: true })
  assert.equal(here.flushes.length, length, 'what is flushed is not written again')
})

test('what a full disk refused is written by the next save once there is room, the desired state too', async () => {
  await using here = await world()
  const state = await here.open()
  here.setFull(true)
  await state.setDesired({ generation: 7, instances: [] })
  state.setRecord(freshRecord({ id: 'ins_web', generation: 1 }))
  assert.equal(await state.save(), false)
  here.setFull(false)
  assert.equal(await state.save(), true)
  const next = await here.open()
  assert.equal(next.desired().generation, 7)
  assert.deepEqual([...next.records().keys()], ['ins_web'])
})
