import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { buildFiles, buildHouse, unpackedSlug, type BuildHouse } from './testing/harness.ts'

let house: BuildHouse
before(async () => {
  house = await buildHouse()
  house.builds.start()
})
after(() => house[Symbol.asyncDispose]())

test('a Procfile app is built without a step and gets its commands', async () => {
  const done = await buildFiles(house, { Procfile: 'web: sh serve.sh\nworker: sh work.sh\n', 'serve.sh': 'echo hi\n', 'work.sh': 'echo ho\n' })
  assert.equal(done.state, 'succeeded', done.log)
  assert.equal(done.release, 1)
  const built = house.built.at(-1)
  assert.equal(built?.manifestSource, 'Procfile')
  assert.deepEqual(Object.keys(built?.manifest.services ?? {}), ['web', 'worker'])
  assert.equal(built?.artifact.meta.builder, 'none')
  await using slug = await unpackedSlug(house)
  assert.deepEqual((await readdir(slug.dir)).sort(), ['.nightshift', 'Procfile', 'serve.sh', 'work.sh'])
  assert.deepEqual(await readdir(join(house.home, 'builds', done.id)), ['log.ndjson'])
})
