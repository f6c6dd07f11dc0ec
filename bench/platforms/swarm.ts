/**
 * Docker Swarm with one node. Its routing mesh needs IPVS, which not every kernel has: so endpoint mode `dnsrr`, a port of the host for
 * each task (of the engine's choice, so that a new task may start before the old one ends), and haproxy before it, whose servers
 * follow the engine's events. A health check, start first, roll back on failure: what its handbook recommends.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Service, ServiceSpec } from 'dockerode'
import { messageOf } from '#base/errors.ts'
import { freePort } from '#test/harness/port.ts'
import { until } from '#test/harness/wait.ts'
import { answers } from '../rig/ask.ts'
import { engine, framed, image, isGone, label, memoryBytes, node, runCommand } from './engine.ts'
import { type Platform, type Release, hang, signalTo, startupSeconds, writeProgram } from './platform.ts'
import { type RunningProxy, haproxy } from './proxies.ts'

const second = 1e9
const port = 8080
const probe = `fetch('http://127.0.0.1:${port}/up').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))`
const bridge = 'docker_gwbridge'

function specOf(name: string, count: number, program: string, force: number): ServiceSpec {
  const update = { Parallelism: 1, Delay: 0, FailureAction: 'rollback', Monitor: startupSeconds * second, MaxFailureRatio: 0, Order: 'start-first' }
  return {
    Name: name,
    Labels: { [label]: '1' },
    Mode: { Replicated: { Replicas: count } },
    EndpointSpec: { Mode: 'dnsrr', Ports: [{ Protocol: 'tcp', TargetPort: port, PublishMode: 'host' }] },
    UpdateConfig: update,
    RollbackConfig: { ...update, FailureAction: 'pause' },
    TaskTemplate: {
      ForceUpdate: force,
      Resources: { Limits: { MemoryBytes: memoryBytes } },
      ContainerSpec: {
        Image: image,
        Command: ['/node', '/server.js'],
        Labels: { [label]: '1' },
        StopGracePeriod: 10 * second,
        HealthCheck: { Test: ['CMD', '/node', '-e', probe], Interval: 2 * second, Timeout: 2 * second, Retries: 3 },
        Mounts: [
          { Type: 'bind', Source: node, Target: '/node', ReadOnly: true },
          { Type: 'bind', Source: program, Target: '/server.js', ReadOnly: true },
        ],
      },
    },
  } as ServiceSpec
}

type Task = { id: string; pid: number; address: string; status: string }

/** The containers that run and are not known to be unhealthy; first those that have been there longest. */
async function tasksUp(): Promise<Task[]> {
  const listed = await engine.listContainers({ filters: { label: [label] } })
  const found = await Promise.all(listed.map(({ Id }) => engine.getContainer(Id).inspect().catch(() => null)))
  return found
    .filter((one) => one !== null)
    .toSorted((a, b) => a.Created.localeCompare(b.Created))
    .flatMap(({ Id, State, NetworkSettings }) => {
      const published = NetworkSettings.Ports[`${port}/tcp`]?.[0]?.HostPort
      return published === undefined ? [] : [{ id: Id, pid: State.Pid, address: `127.0.0.1:${published}`, status: State.Health?.Status ?? 'none' }]
    })
}

const servable = (tasks: readonly Task[]) => tasks.filter(({ status }) => status === 'healthy').map(({ address }) => address)

/** Tells the proxy of each change, one after the other. */
async function follow(proxy: RunningProxy, first: readonly string[]): Promise<{ stop(): void }> {
  const events = (await engine.getEvents({ filters: { label: [label], type: ['container'] } })) as NodeJS.ReadableStream & { destroy(): void }
  let told = first.join()
  let turn = Promise.resolve()
  events.on('data', () => {
    turn = turn.then(async () => {
      const servers = servable(await tasksUp())
      if (servers.join() === told) return
      told = servers.join()
      proxy.reload(servers)
    }).catch(() => {}) // the engine or the proxy is ending
  })
  return { stop: () => events.destroy() }
}

async function leave(): Promise<void> {
  for (const { ID } of await engine.listServices({ filters: { label: [label] } })) await engine.getService(ID).remove()
  await until(async () => (await engine.listContainers({ all: true, filters: { label: [label] } })).length === 0, { timeoutMs: 5_000, everyMs: 200, because: 'its tasks end' }).catch(() => {})
  await engine.swarmLeave({ force: true })
  for (const { Id } of await engine.listContainers({ all: true, filters: { label: [label] } })) await engine.getContainer(Id).remove({ force: true, v: true }).catch(() => {})
  await engine.getNetwork(bridge).remove().catch((error: unknown) => void (isGone(error) || Promise.reject(error)))
}

/** `docker service update`, and until it is through or rolled back. */
async function update(service: Service, spec: ServiceSpec): Promise<string> {
  const { Version } = await service.inspect()
  await service.update({ ...spec, version: Version.Index })
  return until(
    async () => {
      const status = (await service.inspect()).UpdateStatus as { State: string; Message: string } | undefined
      return ['completed', 'rollback_completed', 'paused', 'rollback_paused'].includes(status?.State ?? '') && `${status?.State}: ${status?.Message}`
    },
    { timeoutMs: 120_000, everyMs: 200, because: 'the update ends' },
  )
}

export const swarm: Platform = {
  name: 'swarm + haproxy',
  programs: ['haproxy'],
  docker: true,
  cureSeconds: 40,
  compareSeconds: 0,
  hasStrategies: false,
  async start(folder, count, release) {
    const { Swarm } = (await engine.info()) as { Swarm: { LocalNodeState: string } }
    if (Swarm.LocalNodeState !== 'inactive') throw new Error(`the engine's swarm is ${Swarm.LocalNodeState}: it is somebody's (docker swarm leave --force, if it is nobody's)`)
    const name = `bench-${process.pid}`
    let releases = 0
    const written = (next: Release) => {
      const path = join(folder, `release-${releases++}`)
      mkdirSync(path, { recursive: true })
      return writeProgram(path, next)
    }
    await using cleanup = new AsyncDisposableStack()
    await engine.swarmInit({ ListenAddr: '127.0.0.1:2377', AdvertiseAddr: '127.0.0.1' })
    cleanup.defer(leave)
    const { ID } = (await engine.createService(specOf(name, count, written(release), 0))) as unknown as { ID?: string; id?: string }
    const service = engine.getService(ID ?? name)
    const tasks = await until(
      async () => {
        const all = await tasksUp()
        return servable(all).length === count && all
      },
      { timeoutMs: 60_000, everyMs: 200, because: 'its tasks are healthy' },
    )
    const listen = await freePort()
    const proxy = haproxy(false).start(folder, listen, servable(tasks))
    cleanup.defer(() => proxy.stop())
    const following = await follow(proxy, servable(tasks))
    cleanup.defer(() => following.stop())
    const url = `http://127.0.0.1:${listen}`
    await until(() => answers(url), { timeoutMs: 30_000, because: 'haproxy serves' })
    const held = cleanup.move()
    let program = join(folder, 'release-0/server.js')
    return {
      url,
      async strike(how) {
        const [victim] = (await tasksUp()) as [Task]
        if (how === 'restart') await update(service, specOf(name, count, program, releases++))
        else if (how === 'hang') await hang(victim.address)
        else signalTo(victim.pid, how)
      },
      async deploy(next) {
        try {
          if (next.command !== undefined) await runCommand(name, next.command)
        } catch (error) {
          return messageOf(error)
        }
        program = written(next)
        return update(service, specOf(name, count, program, releases))
      },
      async state() {
        const [all, believed] = await Promise.all([tasksUp(), proxy.state()])
        return believed === null ? null : `${all.map(({ id, pid, status }) => `${id} ${pid} ${status}`).join(', ')}; ${believed}`
      },
      // those of the service wait for tasks that have ended
      async lines() {
        const listed = await engine.listContainers({ all: true, filters: { label: [label] } })
        const logs = await Promise.all(listed.map(({ Id }) => engine.getContainer(Id).logs({ stdout: true, stderr: true, follow: false })))
        return logs.flatMap(framed)
      },
      [Symbol.asyncDispose]: () => held.disposeAsync(),
    }
  },
}
