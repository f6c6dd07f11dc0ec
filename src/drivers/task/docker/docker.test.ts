import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { messageOf } from '#base/errors.ts'
import { taskConformance } from '../../../test/conformance/task.ts'
import { Bench, sleeper, testApp } from '../../../test/conformance/task-world.ts'
import { until } from '../../../test/harness/wait.ts'
import { detectDriver } from '../index.ts'
import { TaskError } from '../port.ts'
import { defaultBaseImage } from './config.ts'
import { createDockerDriver } from './driver.ts'
import { connectEngine } from './engine.ts'
import { Networks } from './networks.ts'

/** Why no container can be run here, or null. */
async function missing(): Promise<string | null> {
  try {
    const engine = await connectEngine('/var/run/docker.sock')
    await engine.getImage(defaultBaseImage).inspect()
    return null
  } catch (error) {
    return `${messageOf(error).trim()} (scripts/start-docker.sh and scripts/base-image.sh provide both)`
  }
}

const because = await missing()
if (because) {
  console.log(`SKIPPED every test of the docker driver: ${because}`)
  test('the docker driver runs containers', { skip: because }, () => {})
} else {
  const world = (folder: string) => ({
    open: () => createDockerDriver({ dir: join(folder, 'tasks'), nodeBin: dirname(process.execPath) }),
    async cleanUp() {},
  })
  after(async () => {
    const networks = new Networks(await connectEngine('/var/run/docker.sock'), [10, 210])
    for (const app of [testApp, `${testApp}-other`]) for (const environment of ['production', 'edges']) await networks.removeIdle({ app, environment })
  })

  taskConformance(
    'docker',
    world,
    { programs: true, memoryLimit: true },
  )

  test('who ended or removed a container by hand is told as far as the engine knows', async () => {
    await using bench = await Bench.open(world)
    const { id } = await bench.run(sleeper)
    assert.equal(await bench.driver.trace(id), null, 'nobody did anything')
    const engine = await connectEngine('/var/run/docker.sock')
    const [found] = await engine.listContainers({ filters: { label: [`nightshift.task=${id}`] } })
    await engine.getContainer(found?.Id ?? '').remove({ force: true })
    // the engine answers before it has told of the last step
    const trace = await until(async () => /destroy/.test((await bench.driver.trace(id)) ?? '') && bench.driver.trace(id), { because: 'all is told' })
    assert.match(trace ?? '', /^the engine knows: kill with signal 9 at \d\d:\d\d:\d\d, die with code 137 at .*, destroy at .* \(UTC\), not by whom$/)
  })

  test("a container of somebody else that has a task's name is left alone, and the task says so", async () => {
    await using bench = await Bench.open(world)
    const { id } = await bench.run(sleeper)
    const engine = await connectEngine('/var/run/docker.sock')
    const named = async () => (await engine.listContainers({ all: true, filters: { name: [id] } }))[0]?.Names[0]?.slice(1) ?? ''
    const taken = await named()
    await bench.driver.stop(id, { signal: 'SIGKILL', graceMs: 0 })
    await bench.driver.remove(id)
    const other = await engine.createContainer({ name: taken, Image: defaultBaseImage, Cmd: ['true'] })
    try {
      await assert.rejects(bench.driver.start(await bench.spec(sleeper, { id })), { name: 'TaskError', message: /somebody else's container has its name, nightshift-\S+ \(remove it/ })
      assert.equal(await named(), taken)
    } finally {
      await other.remove({ force: true })
    }
  })

  test('a program that was started by a command line hears its stop signal, and has its grace', async () => {
    await using bench = await Bench.open(world)
    const program = `process.on('SIGTERM', () => setTimeout(() => process.exit(3), 200)); setInterval(() => {}, 1000); console.log('up')`
    const slugPath = await bench.slug({ 'server.js': program })
    const { id } = await bench.run({ shell: '', simulate: {} }, { slugPath, command: { kind: 'argv', argv: ['/bin/sh', '-c', 'node server.js'] } })
    await bench.said(id, /^up$/)
    assert.equal((await bench.driver.stop(id, { signal: 'SIGTERM', graceMs: 20_000 }))?.code, 3)
  })

  test('a container that somebody starts again by hand runs again, can be stopped, and its second end is told too', async () => {
    await using bench = await Bench.open(world)
    const told: string[] = []
    bench.driver.onExit((id) => told.push(id))
    const { id } = await bench.run(sleeper)
    const engine = await connectEngine('/var/run/docker.sock')
    const [found] = await engine.listContainers({ filters: { label: [`nightshift.task=${id}`] } })
    const container = engine.getContainer(found?.Id ?? '')
    await container.kill()
    await until(async () => (await bench.status(id))?.state === 'exited' && told.length > 0, { because: 'its first end is known' })
    const other = createDockerDriver({ dir: join(bench.folder, 'tasks') }) // hears of no exits, and has heard of this one
    assert.equal((await other.list())[0]?.state, 'exited')
    await container.start()
    await assert.rejects(other.logs(id, undefined, 1 << 16), { name: 'TaskError', retryable: true }, 'its output has no end any more')
    await other.close()
    await until(async () => (await bench.status(id))?.state === 'running', { because: 'it is seen to run' })
    await assert.rejects(bench.driver.remove(id), TaskError)
    const before = told.length
    assert.equal((await bench.driver.stop(id, { signal: 'SIGKILL', graceMs: 0 }))?.signal, 'SIGKILL')
    assert.equal((await container.inspect()).State.Running, false)
    await until(() => told.length > before, { because: 'its second end is told' })
    assert.equal((await bench.status(id))?.state, 'exited')
  })

  test('a machine with an engine and the base image gets containers, without the image plain processes', async () => {
    assert.equal((await detectDriver()).kind, 'docker')
    const { kind, because } = await detectDriver({ baseImage: '127.0.0.1:1/nobody/nothing:here' })
    assert.equal(kind, 'process')
    assert.match(because, /127\.0\.0\.1:1\/nobody\/nothing:here is not there: .*refused/)
  })

  for (const whose of ['its own network', 'every task'])
  test(`instances are reached at their own address, publish nothing, and reach this machine at the address of ${whose}`, async () => {
    await using bench = await Bench.open(world)
    const server = createServer((socket) => socket.end('hello from the machine\n'))
    const labels = { app: testApp, environment: 'edges', service: 'web' }
    const host = await bench.driver.hostAddress(whose === 'every task' ? {} : labels)
    await new Promise<void>((resolve) => server.listen(0, host, resolve))
    try {
      const { port } = server.address() as AddressInfo
      const program = `require('net').connect(${port}, '${host}').pipe(process.stdout); require('http').createServer((q, s) => s.end('it works')).listen(8080)`
      const task = await bench.run({ shell: '', simulate: {} }, { labels, port: 8080, command: { kind: 'argv', argv: ['node', '-e', program] } })
      await bench.said(task.id, /^hello from the machine$/)
      const answer = await until(async () => (await fetch(`http://${task.address?.host}:8080/`)).text(), { because: 'the instance answers' })
      assert.equal(answer, 'it works')
      const engine = await connectEngine('/var/run/docker.sock')
      const [container] = await engine.listContainers({ filters: { label: [`nightshift.task=${task.id}`] } })
      assert.deepEqual(container?.Ports, [])
    } finally {
      server.close()
    }
  })

  test('an exit while the engine could not be reached is announced when it can be again', async () => {
    await using relay = await openRelay()
    await using bench = await Bench.open((folder) => ({ ...world(folder), open: () => createDockerDriver({ dir: join(folder, 'tasks'), socket: relay.socket }) }))
    const told: string[] = []
    bench.driver.onExit((id) => told.push(id))
    const first = await bench.run({ shell: 'exit 1', simulate: {} })
    await until(() => told.includes(first.id), { because: 'events arrive' })
    const second = await bench.run({ shell: 'sleep 0.5; exit 6', simulate: {} })
    await relay.close()
    await assert.rejects(bench.driver.list(), { name: 'TaskError', retryable: true })
    const engine = await connectEngine('/var/run/docker.sock')
    await until(async () => (await engine.listContainers({ filters: { label: [`nightshift.task=${second.id}`, 'nightshift.owner'] } })).every(({ State }) => State !== 'running'), {
      because: 'it has exited',
    })
    await relay.open()
    await until(() => told.includes(second.id), { because: 'the exit is announced' })
    assert.equal((await bench.status(second.id))?.exit?.code, 6)
  })

  test('an engine that owes one answer for good holds up nothing: what was asked is given up, and asked again', async () => {
    await using relay = await openRelay()
    await using bench = await Bench.open((folder) => ({ ...world(folder), open: () => createDockerDriver({ dir: join(folder, 'tasks'), socket: relay.socket, answerMs: 3_000 }) }))
    const { id } = await bench.run(sleeper)
    relay.swallows = /^GET \S+\/containers\/json/
    const list = assert.rejects(bench.driver.list(), { name: 'TaskError', retryable: true, message: /gave no answer in time/ })
    await until(() => relay.swallowed > 0, { because: 'it was asked' })
    relay.swallows = null
    assert.equal((await bench.status(id))?.state, 'running', 'others are answered meanwhile')
    await list
  })

  test('an image runs with its own command and user, and a volume wherever it wants one', async () => {
    await using bench = await Bench.open(world)
    const image = { artifact: { kind: 'image', image: defaultBaseImage }, slugPath: null } as const
    const byDefault = await bench.run(sleeper, { ...image, command: { kind: 'image-default' } })
    assert.equal((await bench.ended(byDefault.id)).exit?.code, 0) // its default is a shell, which finds no input
    const hostPath = join(bench.folder, 'data')
    const { id } = await bench.run({ shell: 'id -u; touch /var/lib/thing/kept; ls /var/lib/thing', simulate: {} }, { ...image, volumes: [{ name: 'thing', hostPath, target: '/var/lib/thing' }] })
    await bench.ended(id)
    assert.deepEqual((await bench.lines(id)).lines, ['0', 'kept'])
    await bench.driver.remove(id)
    assert.deepEqual(await readdir(hostPath), ['kept'])
    await assert.rejects(bench.driver.start(await bench.spec(sleeper, { ...image, volumes: [{ name: 'thing', hostPath, target: '/etc' }] })), TaskError)
    await assert.rejects(bench.driver.start(await bench.spec(sleeper, { ...image, artifact: { kind: 'image', image: '127.0.0.1:1/no:image' } })), TaskError)
  })
}

/** A way to the engine that can be cut, or that answers to some requests do not come back on. */
async function openRelay(): Promise<{ socket: string; swallows: RegExp | null; swallowed: number; open(): Promise<void>; close(): Promise<void> } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'nightshift-relay-'))
  const socket = join(folder, 'engine.sock')
  const connections = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect('/var/run/docker.sock')
    for (const end of [near, far]) {
      connections.add(end)
      end.on('error', () => {}).on('close', () => connections.delete(end))
    }
    far.pipe(near)
    near.on('end', () => far.end()).on('data', (chunk: Buffer) => {
      if (!relay.swallows?.test(chunk.toString('latin1'))) return far.write(chunk)
      relay.swallowed++
    })
  })
  const relay = {
    socket,
    swallows: null as RegExp | null,
    swallowed: 0,
    open: () => new Promise<void>((resolve) => server.listen(socket, resolve)),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const connection of connections) connection.destroy()
      await closed
    },
    async [Symbol.asyncDispose]() {
      await relay.close()
      await rm(folder, { recursive: true })
    },
  }
  await relay.open()
  return relay
}
