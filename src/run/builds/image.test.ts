/** Dockerfiles and ready images with the real container engine. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { messageOf } from '#base/errors.ts'
import { createDockerImages } from '#drivers/image/docker.ts'
import { connectEngine } from '#drivers/task/docker/engine.ts'
import { defaultBaseImage } from '#drivers/task/docker/config.ts'
import { serviceCommand } from './launch.ts'
import { actor, buildFiles, buildHouse, chunks, ended, sourceOf, target, type BuildHouse, type Files } from './testing/harness.ts'

async function missing(): Promise<string | null> {
  try {
    await (await connectEngine('/var/run/docker.sock')).getImage(defaultBaseImage).inspect()
    return null
  } catch (error) {
    return `${messageOf(error).trim()} (scripts/start-docker.sh and scripts/base-image.sh provide both)`
  }
}

const because = await missing()
if (because !== null) console.log(`SKIPPED every test of Dockerfile builds: ${because}`)

describe('images', { skip: because ?? false, concurrency: 1 }, () => {
  let house: BuildHouse
  before(async () => {
    house = await buildHouse({ images: async () => createDockerImages() })
    house.builds.start()
  })
  after(async () => {
    const engine = await connectEngine('/var/run/docker.sock')
    for (const image of await engine.listImages({ filters: { label: ['nightshift.app=shop'] } })) await engine.getImage(image.Id).remove({ force: true }).catch(() => {})
    await house[Symbol.asyncDispose]()
  })

  const last = () => house.built.at(-1) as NonNullable<(typeof house.built)[number]>

  const app: Files = { Dockerfile: `FROM ${defaultBaseImage}\nARG COLOR=none\nWORKDIR /srv\nCOPY . .\nRUN echo "the color is $COLOR"; ls -A\nEXPOSE 8080\nCMD ["cat", "hello.txt"]\n`, 'hello.txt': 'hello\n', 'secret.pem': 'x', 'node_modules/a/index.js': 'x', '.dockerignore': 'node_modules\n*.pem\n' }

  test('a Dockerfile is built by the engine: its output is the log, .dockerignore counts, the port it names is used', async () => {
    const done = await buildFiles(house, app)
    assert.equal(done.state, 'succeeded', done.log)
    assert.match(done.log, /built by dockerfile: there is a Dockerfile|built by dockerfile: build\.builder says dockerfile/)
    assert.match(done.log, /the color is none/)
    assert.match(done.log, /hello\.txt/)
    assert.doesNotMatch(done.log, /secret\.pem|node_modules/)
    const { artifact, manifest } = last()
    assert.match(artifact.id, /^image:sha256:[0-9a-f]{64}$/)
    assert.equal(manifest.services['web']?.port, 8080)
    assert.deepEqual(serviceCommand(manifest, artifact.meta, 'web'), { kind: 'image-default' })
  })

  test('build.env are build arguments, and a command of the manifest counts before that of the image', async () => {
    const done = await buildFiles(house, { ...app, 'nightshift.yml': 'services: { web: { command: [ls], build: { builder: dockerfile, env: { COLOR: blue } } } }\n' })
    assert.match(done.log, /the color is blue/)
    assert.deepEqual(serviceCommand(last().manifest, last().artifact.meta, 'web'), { kind: 'argv', argv: ['ls'] })
  })

  test('a Dockerfile that does not build fails with the engine own words', async () => {
    const done = await buildFiles(house, { Dockerfile: `FROM ${defaultBaseImage}\nRUN echo breaking; exit 7\n` })
    assert.equal(done.state, 'failed')
    assert.match(done.because, /^the Dockerfile does not build: The command '\/bin\/sh -c echo breaking; exit 7' returned a non-zero code: 7/)
    assert.match(done.log, /breaking/)
  })

  test('with an engine a Dockerfile counts before package.json', async () => {
    const done = await buildFiles(house, { ...app, 'package.json': '{"scripts":{"start":"node x"}}' })
    assert.equal(done.state, 'succeeded', done.log)
    assert.equal(last().artifact.meta.builder, 'dockerfile')
  })

  test('a Dockerfile build is cancelled', async () => {
    const { id } = await house.builds.queueUpload(actor, target, chunks(await sourceOf({ Dockerfile: `FROM ${defaultBaseImage}\nRUN echo begun; sleep 600\n` })))
    for await (const line of house.builds.followLog(target, id, 0, AbortSignal.timeout(60_000))) if (line.text.trim() === 'begun') break
    await house.builds.cancel(actor, target, id)
    assert.equal((await ended(house.builds, id)).state, 'cancelled')
  })

  test('a ready image becomes a release that names exactly that image', async () => {
    const build = await house.builds.queueImage(actor, target, { image: defaultBaseImage, port: 9000, command: ['sleep', '60'] })
    const done = await ended(house.builds, build.id)
    assert.equal(done.state, 'succeeded', done.log)
    const { artifact, manifest } = last()
    assert.match(artifact.ref.kind === 'image' ? artifact.ref.image : '', /sha256:[0-9a-f]{64}$/)
    assert.equal(manifest.services['web']?.port, 9000)
    assert.deepEqual(serviceCommand(manifest, artifact.meta, 'web'), { kind: 'argv', argv: ['sleep', '60'] })
  })

  test('an image that nobody has fails with the reason', async () => {
    const build = await house.builds.queueImage(actor, target, { image: '127.0.0.1:1/no/image:here' })
    assert.match((await ended(house.builds, build.id)).because, /^the image 127\.0\.0\.1:1\/no\/image:here cannot be fetched: /)
  })
})
