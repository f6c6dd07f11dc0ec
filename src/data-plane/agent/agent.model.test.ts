/**
 * The real agent, as a process that is killed, over simulated tasks: whatever happens at random, it ends with what is desired, keeps its
 * restart intensity, and never names a dead instance to the proxy for longer than stated.
 */
import assert from 'node:assert/strict'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { sleep } from '#base/clock.ts'
import type { HealthSpec, InstanceSpec, RestartSpec } from '#contract/wire.ts'
import { createSimulatedDriver } from '#drivers/task/simulated/driver.ts'
import type { SimulationScript } from '#drivers/task/simulated/script.ts'
import { type AgentWorld, agentWorld, killHard, makeSlug } from './testing/agent-world.ts'
import { until } from './testing/helpers.ts'
import { instanceSpec } from './testing/specs.ts'

/** While an agent is there; on a machine at rest it takes some 20 ms. */
const deadNamedMs = 2_000
const restart: RestartSpec = { policy: 'permanent', intensity: 3, periodMs: 3_000, backoffMinMs: 20, backoffMaxMs: 200 }
const health: HealthSpec = { kind: 'exec', argv: ['/bin/up'], intervalMs: 60, timeoutMs: 500, failures: 2, startupMs: 2_000 }
const services = ['web', 'api'] as const

type Step = { do: 'crash' | 'hang' | 'deploy' | 'scale' | 'kill the agent' | 'control is away' | 'control is back'; service: (typeof services)[number]; n: number; waitMs: number }
const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom<Step['do']>('crash', 'crash', 'hang', 'hang', 'deploy', 'scale', 'kill the agent', 'kill the agent', 'control is away', 'control is back'),
  service: fc.constantFrom(...services), n: fc.integer({ min: 0, max: 20 }), waitMs: fc.integer({ min: 0, max: 250 }),
})

/** A driver of the test's own over the same tasks: it sees what the agent's sees. */
const tasksOf = (world: AgentWorld) => createSimulatedDriver({ dir: join(world.home, 'agent', 'tasks') })

class Model {
  readonly world: AgentWorld
  readonly #artifact: InstanceSpec['artifact']
  readonly #tasks: string
  #agent: ReturnType<AgentWorld['spawnAgent']>
  #made = 0
  #release = 1
  readonly #counts = { web: 2, api: 1 }
  desired: InstanceSpec[] = []

  constructor(world: AgentWorld, artifact: InstanceSpec['artifact']) {
    this.world = world
    this.#artifact = artifact
    this.#tasks = join(world.home, 'agent', 'tasks')
    this.#agent = world.spawnAgent()
  }

  /** What control would say: instances that stay, and new ones for what is missing or of another release. */
  wish(): void {
    const kept = this.desired.filter((one) => one.release === this.#release)
    this.desired = services.flatMap((service) => Array.from({ length: this.#counts[service] }, (_, nth) => kept.find((one) => one.name === `${service}.${nth + 1}`) ?? this.#instance(service, nth + 1)))
    this.world.control.desire(this.desired)
  }

  #instance(service: string, ordinal: number): InstanceSpec {
    return instanceSpec(`ins_${this.#made++}`, { artifact: this.#artifact, service, name: `${service}.${ordinal}`, release: this.#release, port: 'auto', health, restart, env: { SIMULATE: '{}' }, stop: { signal: 'SIGTERM', graceMs: 100, drainMs: 100 } })
  }

  /** Changes the script of a task that runs: it ends, or its health check fails from now on. */
  async #strike(service: string, n: number, script: (livedMs: number) => object): Promise<void> {
    const running = (await tasksOf(this.world).list()).filter((task) => task.state === 'running' && task.labels['service'] === service)
    const struck = running[n % Math.max(1, running.length)]
    if (struck === undefined) return
    const file = join(this.#tasks, `${struck.id}.json`)
    const task = JSON.parse(readFileSync(file, 'utf8')) as { script: object; startedAt: number }
    writeFileSync(`${file}.struck`, JSON.stringify({ ...task, script: { ...task.script, ...script(Date.now() - task.startedAt) } }))
    renameSync(`${file}.struck`, file)
  }

  script(task: string): SimulationScript {
    return (JSON.parse(readFileSync(join(this.#tasks, `${task}.json`), 'utf8')) as { script: SimulationScript }).script
  }

  async do({ do: what, service, n }: Step): Promise<void> {
    if (what === 'crash') return this.#strike(service, n, (exitAfterMs) => ({ exitAfterMs, code: 1 }))
    if (what === 'hang') return this.#strike(service, n, () => ({ exec: { output: '', code: 1 } }))
    if (what === 'control is away') return this.world.control.setAway(true)
    if (what === 'control is back') return this.world.control.setAway(false)
    if (what === 'deploy') this.#release++
    else if (what === 'scale') this.#counts[service] = n % 4
    else {
      await killHard(this.#agent)
      this.#agent = this.world.spawnAgent()
      return
    }
    this.wish()
  }
}

/** A look that comes later than this says that the machine was busy, not that the agent was slow. */
const lookMs = 50

/** Looks all the time: how long a dead instance was named, and when each task was started. */
function watch(world: AgentWorld): { close(): Promise<void>; longestMs: () => number; starts: ReadonlyMap<string, number> } {
  const starts = new Map<string, number>()
  const deadForMs = new Map<string, number>()
  let longest = 0
  let lookedAt = performance.now()
  let closed = false
  const looking = (async () => {
    while (!closed) {
      const tasks = await tasksOf(world).list().catch(() => [])
      const sinceMs = Math.min(lookMs, performance.now() - lookedAt)
      lookedAt = performance.now()
      for (const { id, startedAt } of tasks) starts.set(id, Date.parse(startedAt))
      const alive = new Set(tasks.filter(({ state }) => state === 'running').map(({ address }) => address?.port))
      if (world.proxy.connections() === 0) deadForMs.clear() // nobody is there who could tell
      for (const [instance, endpoint] of world.proxy.endpoints) {
        if (endpoint.state !== 'ready' || alive.has(endpoint.port)) deadForMs.delete(instance)
        else {
          deadForMs.set(instance, (deadForMs.get(instance) ?? 0) + sinceMs)
          longest = Math.max(longest, deadForMs.get(instance) ?? 0)
        }
      }
      await sleep(5)
    }
  })()
  return { longestMs: () => longest, starts, close: async () => { closed = true; await looking } }
}

/** Starts of one instance after its first of a generation, within any period. A task is `<instance>.<generation>-<attempt>`. */
function mostRestarts(starts: ReadonlyMap<string, number>): number {
  const byInstance = Map.groupBy([...starts].filter(([task]) => !task.endsWith('-1')), ([task]) => task.slice(0, task.lastIndexOf('-')))
  let most = 0
  for (const times of [...byInstance.values()].map((tasks) => tasks.map(([, at]) => at).toSorted((a, b) => a - b)))
    for (const [nth, from] of times.entries()) most = Math.max(most, times.slice(nth).filter((at) => at - from < restart.periodMs).length)
  return most
}

test('whatever happens: all that is desired runs in the end and nothing else, intensity holds, no dead instance is named for long', { timeout: 150_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 15, maxLength: 30 }), async (steps) => {
      await using world = await agentWorld('simulated')
      const model = new Model(world, await makeSlug(world.home, { 'a.txt': 'x' }))
      await until(() => world.control.connected(), { because: 'the agent is connected' })
      model.wish()
      const seen = watch(world)
      try {
        for (const one of steps) {
          await model.do(one)
          await sleep(one.waitMs)
        }
        world.control.setAway(false)
        const wanted = model.desired.map(({ id }) => id).toSorted()
        // what was struck a moment ago still looks well: so the tasks themselves are asked too
        const settled = async () => {
          const running = (await tasksOf(world).list()).filter(({ state }) => state === 'running').map(({ id }) => id)
          assert.deepEqual(running.map((id) => id.slice(0, id.lastIndexOf('.'))).toSorted(), wanted, 'one task each, and no other')
          for (const task of running) assert.equal(model.script(task).exec.code, 0, `${task} hangs`)
          assert.deepEqual(world.control.observed().map(({ id, state }) => `${id} ${state}`).toSorted(), wanted.map((id) => `${id} ready`), 'control knows')
          assert.deepEqual([...world.proxy.endpoints.values()].map(({ instance, state }) => `${instance} ${state}`).toSorted(), wanted.map((id) => `${id} ready`), 'the proxy knows')
          return true
        }
        await until(settled, { timeoutMs: 40_000, because: `${wanted.join(', ')} run` })
      } finally {
        await seen.close()
      }
      assert.ok(seen.longestMs() < deadNamedMs, `a dead instance was named for ${Math.round(seen.longestMs())} ms`)
      assert.ok(mostRestarts(seen.starts) <= restart.intensity, `${mostRestarts(seen.starts)} restarts within a period`)
    }),
    { numRuns: 4, endOnFailure: true, interruptAfterTimeLimit: 60_000 },
  )
})
