/**
 * What every task driver must do. Each driver's own test file runs this suite against a world of its own;
 * `task-programs.ts` adds what only real programs can show.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { sleep } from '#base/clock.ts'
import { TaskError } from '#drivers/task/port.ts'
import { until } from '../harness/wait.ts'
import { programConformance } from './task-programs.ts'
import { Bench, sleeper, testApp } from './task-world.ts'
import type { TaskFeatures, TaskWorld } from './task-world.ts'

/** @param makeWorld  a fresh world in a folder of its own */
export function taskConformance(name: string, makeWorld: (folder: string) => TaskWorld | Promise<TaskWorld>, features: TaskFeatures): void {
  describe(`task driver ${name}`, { concurrency: 4 }, () => {
    const open = () => Bench.open(makeWorld)
    starting(open)
    ending(open)
    stopping(open)
    logging(open)
    refusing(open)
    freezing(open)
    if (features.programs) programConformance(open, features)
  })
}

function freezing(open: () => Promise<Bench>): void {
  test('a task that was stopped by a signal is frozen, and ends all the same when it is killed', async () => {
    await using bench = await open()
    // a launcher between, as npm is one
    const frozen = await bench.run({ shell: 'sh -c "kill -STOP \\$\\$; sleep 1000"; true', simulate: { frozenAfterMs: 0 } })
    await until(() => bench.driver.frozen(frozen.id), { because: 'it is seen to be frozen' })
    const exit = await bench.driver.stop(frozen.id, { signal: 'SIGTERM', graceMs: 0 })
    assert.notEqual(exit, null)
    assert.equal(await bench.driver.frozen(frozen.id), false)
  })

  test('a task that runs, has ended or never was is not frozen', async () => {
    await using bench = await open()
    const running = await bench.run(sleeper)
    assert.equal(await bench.driver.frozen(running.id), false)
    await bench.driver.stop(running.id, { signal: 'SIGKILL', graceMs: 0 })
    assert.equal(await bench.driver.frozen(running.id), false)
    assert.equal(await bench.driver.frozen('ins_nobody.1-1'), false)
  })
}

function starting(open: () => Promise<Bench>): void {
  test('a started task runs, says who it is and where it is reached', async () => {
    await using bench = await open()
    const status = await bench.run(sleeper, { port: 4321, env: { PORT: '4321' } })
    assert.equal(status.state, 'running')
    assert.equal(status.exit, null)
    assert.equal(status.address?.port, 4321)
    assert.ok(Math.abs(Date.parse(status.startedAt) - Date.now()) < 60_000)
    assert.deepEqual(await bench.status(status.id).then((s) => s?.labels), { app: testApp, environment: 'production', service: 'web' })
  })

  test('starting the same id again gives the task that runs, also at the same moment', async () => {
    await using bench = await open()
    const spec = await bench.spec(sleeper)
    const [one, two] = await Promise.all([bench.driver.start(spec), bench.driver.start(spec)])
    const three = await bench.driver.start(spec)
    assert.equal(one.startedAt, two.startedAt)
    assert.equal(one.startedAt, three.startedAt)
    assert.equal((await bench.driver.list()).length, 1)
  })

  test('a task outlives the driver that started it and is found by the next', async () => {
    await using bench = await open()
    const before = await bench.run(sleeper, { port: 4321 })
    await until(async () => (await bench.status(before.id))?.pid, { because: 'its pid is known' })
    const known = await bench.status(before.id)
    await bench.reopen()
    assert.deepEqual(await bench.status(before.id), known)
    assert.equal((await bench.driver.start(await bench.spec(sleeper, { id: before.id }))).startedAt, before.startedAt)
  })

  test('a start that is called off before it begins leaves nothing', async () => {
    await using bench = await open()
    const spec = await bench.spec(sleeper)
    await assert.rejects(bench.driver.start(spec, AbortSignal.abort(new Error('called off'))), /called off/)
    assert.deepEqual(await bench.driver.list(), [])
  })
}

function ending(open: () => Promise<Bench>): void {
  for (const code of [0, 1, 42]) {
    test(`exit code ${code} is reported, and everyone who asked is told`, async () => {
      await using bench = await open()
      const told: string[] = []
      bench.driver.onExit((id) => told.push(id))
      const { id } = await bench.run({ shell: `sleep 0.2; exit ${code}`, simulate: { exitAfterMs: 200, code } })
      await until(() => told.includes(id), { because: 'the exit is announced' })
      const status = await bench.status(id)
      assert.equal(status?.state, 'exited')
      assert.equal(status?.pid, null)
      assert.deepEqual({ ...status?.exit, at: '' }, { code, signal: null, oom: false, at: '' })
      assert.ok(Math.abs(Date.parse(status?.exit?.at ?? '') - Date.now()) < 60_000)
    })
  }

  test('a death by signal is reported as that signal', async () => {
    await using bench = await open()
    const { id } = await bench.run({ shell: 'kill -SEGV $$', simulate: { exitAfterMs: 1, signal: 'SIGSEGV' } })
    const { exit } = await bench.ended(id)
    assert.equal(exit?.signal, 'SIGSEGV')
    assert.equal(exit?.code, null)
  })

  test('an exit that nobody watched is known to the next driver, and announced by it', async () => {
    await using bench = await open()
    const { id } = await bench.run({ shell: 'sleep 0.3; exit 7', simulate: { exitAfterMs: 300, code: 7 } })
    await bench.driver.close()
    await sleep(600) // nobody can be asked while nobody is there
    const driver = await bench.reopen()
    const told: string[] = []
    driver.onExit((exited) => told.push(exited))
    assert.equal((await bench.ended(id)).exit?.code, 7)
    await until(() => told.includes(id), { because: 'it is announced' })
    await bench.reopen()
    assert.equal((await bench.status(id))?.exit?.code, 7)
  })

  test('an adopted task that exits is announced', async () => {
    await using bench = await open()
    const { id } = await bench.run({ shell: 'sleep 0.6; exit 3', simulate: { exitAfterMs: 600, code: 3 } })
    const driver = await bench.reopen()
    const told: string[] = []
    driver.onExit((exited) => told.push(exited))
    await until(() => told.includes(id), { because: 'the exit is announced' })
    assert.equal((await bench.status(id))?.exit?.code, 3)
  })

  test('after its removal a task is forgotten, for the next driver too', async () => {
    await using bench = await open()
    const { id } = await bench.run({ shell: 'exit 0', simulate: { exitAfterMs: 1, code: 0 } })
    await bench.ended(id)
    await bench.driver.remove(id)
    await bench.driver.remove(id)
    assert.equal(await bench.status(id), undefined)
    await bench.reopen()
    assert.equal(await bench.status(id), undefined)
    assert.equal(await bench.driver.stats(id), null)
  })

  test('a running task is not removed', async () => {
    await using bench = await open()
    const { id } = await bench.run(sleeper)
    await assert.rejects(bench.driver.remove(id), TaskError)
    assert.equal((await bench.status(id))?.state, 'running')
  })
}

function stopping(open: () => Promise<Bench>): void {
  test('stop sends the signal, and what the task makes of it is its exit', async () => {
    await using bench = await open()
    const { id } = await bench.run({ shell: "trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done", simulate: { lines: ['ready'], code: 5 } })
    await bench.said(id, /ready/)
    const exit = await bench.driver.stop(id, { signal: 'SIGTERM', graceMs: 10_000 })
    assert.equal(exit?.code, 5)
    assert.equal((await bench.status(id))?.state, 'exited')
  })

  test('a task that does not heed the signal is killed when its grace is over', async () => {
    await using bench = await open()
    const { id } = await bench.run({ shell: "trap '' TERM; echo ready; while :; do sleep 0.05; done", simulate: { lines: ['ready'], ignores: ['SIGTERM'] } })
    await bench.said(id, /ready/)
    const began = performance.now()
    const exit = await bench.driver.stop(id, { signal: 'SIGTERM', graceMs: 300 })
    assert.ok(performance.now() - began >= 295)
    assert.equal(exit?.signal, 'SIGKILL')
    assert.equal(exit?.oom, false)
  })

  test('stopping twice, at once or later, gives the same exit', async () => {
    await using bench = await open()
    const { id } = await bench.run(sleeper)
    const stop = () => bench.driver.stop(id, { signal: 'SIGTERM', graceMs: 5000 })
    const [one, two] = await Promise.all([stop(), stop()])
    assert.equal(one?.signal, 'SIGTERM')
    assert.deepEqual(one, two)
    assert.deepEqual(await stop(), one)
  })

  test('stopping what is not there is no error', async () => {
    await using bench = await open()
    assert.equal(await bench.driver.stop('ins_nobody.1-1', { signal: 'SIGTERM', graceMs: 0 }), null)
  })
}

function logging(open: () => Promise<Bench>): void {
  test('output is read as lines with time and stream, once, from where the last page ended', async () => {
    await using bench = await open()
    const { id } = await bench.run({ shell: 'echo one; echo two; printf unfinished', simulate: { exitAfterMs: 10, code: 0, lines: ['one', 'two', 'unfinished'] } })
    await bench.ended(id)
    const page = await bench.lines(id)
    assert.deepEqual(page.entries.map(({ stream, text }) => [stream, text]), [['stdout', 'one'], ['stdout', 'two'], ['stdout', 'unfinished']])
    assert.ok(page.entries.every(({ at }) => Math.abs(Date.parse(at) - Date.now()) < 60_000))
    assert.deepEqual((await bench.driver.logs(id, page.cursor, 65_536)).entries, [])
    await bench.reopen()
    assert.deepEqual((await bench.driver.logs(id, page.cursor, 65_536)).entries, [])
    assert.equal((await bench.lines(id)).lines.length, 3)
  })

  test('in a flood no line is lost or doubled, over pages, releases and new drivers', { timeout: 60_000 }, async () => {
    await using bench = await open()
    const count = 60_000
    const { id } = await bench.run({
      shell: `i=0; while [ $i -lt ${count} ]; do echo "line $i of a flood that keeps coming and coming and coming"; i=$((i+1)); done`,
      simulate: { flood: count, exitAfterMs: 200, code: 0 },
    })
    let cursor: string | undefined
    let next = 0
    for (let pages = 1; next < count; pages++) {
      const ended = (await bench.status(id))?.state === 'exited'
      const page = await bench.driver.logs(id, cursor, 200_000)
      if (ended && page.entries.length === 0) break
      assert.equal(page.dropped, 0)
      for (const { text } of page.entries) assert.equal(Number(/^line (\d+) of a flood/.exec(text)?.[1]), next++)
      cursor = page.cursor
      await bench.driver.releaseLogs(id, cursor)
      if (pages % 7 === 0) await bench.reopen()
      if (page.entries.length === 0) await sleep(10)
    }
    assert.equal(next, count)
  })

  test('a position that is none is refused', async () => {
    await using bench = await open()
    const { id } = await bench.run(sleeper)
    await assert.rejects(bench.driver.logs(id, '../../etc/passwd', 1000), TaskError)
  })
}

function refusing(open: () => Promise<Bench>): void {
  test('ids that could be a path, an option or a line are refused everywhere', async () => {
    await using bench = await open()
    const { driver } = bench
    for (const id of ['', '.', '..', '../escape', '/etc', 'a/b', 'a\0b', 'UPPER', '-rf', 'a b', 'a\nb', 'x'.repeat(300)]) {
      await assert.rejects(driver.start(await bench.spec(sleeper, { id })), TaskError, id)
      await assert.rejects(driver.stop(id, { signal: 'SIGTERM', graceMs: 0 }), TaskError, id)
      await assert.rejects(driver.logs(id, undefined, 1000), TaskError, id)
      await assert.rejects(driver.releaseLogs(id, '0.0'), TaskError, id)
      await assert.rejects(driver.exec(id, { argv: ['true'], env: {}, tty: null }), TaskError, id)
      await assert.rejects(driver.stats(id), TaskError, id)
      await assert.rejects(driver.remove(id), TaskError, id)
    }
    assert.deepEqual(await driver.list(), [])
  })

  test('a signal that does not exist is refused, before and after the start', async () => {
    await using bench = await open()
    await assert.rejects(bench.driver.start(await bench.spec(sleeper, { stopSignal: 'SIGNIGHT' })), TaskError)
    const { id } = await bench.run(sleeper)
    await assert.rejects(bench.driver.stop(id, { signal: '-9', graceMs: 0 }), TaskError)
  })

  test('a root outside the app is refused', async () => {
    await using bench = await open()
    for (const root of ['..', '../other', '/etc', 'a/../../b']) await assert.rejects(bench.driver.start(await bench.spec(sleeper, { root })), TaskError)
  })
}
