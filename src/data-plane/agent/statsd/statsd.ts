/**
 * StatsD of instances, by UDP at the address of the edges. Each instance has a port of its own, which is its identity: nothing need be in a
 * line that says who sends. The port is in the labels of its task, so that an agent that begins anew opens it again.
 */
import { type Socket, createSocket } from 'node:dgram'
import { isAppError, messageOf } from '#base/errors.ts'
import type { ScrapeBatch } from '#contract/scraping.ts'
import type { ControlClient } from '../../control-client.ts'
import { type TaskIdentity, type TaskView, displayName } from '../identity.ts'
import type { Log } from '../log.ts'
import { parseDatagram, statsdBounds } from './parse.ts'
import { StatsdTotals } from './totals.ts'

export type Statsd = {
  /** A port for a task that is about to start; null where there can be none: the task runs without. */
  open(who: TaskIdentity): Promise<{ host: string; port: number } | null>
  close(): Promise<void>
}

type Door = { who: TaskIdentity; socket: Socket; port: number; totals: StatsdTotals; datagrams: number; refused: number; seenAtMs: number }
type Options = { machine: string; host(): Promise<string>; control: Pick<ControlClient, 'post'>; tasks(): readonly TaskView[]; log: Log; periodMs?: number; lingerMs?: number }

const mostDoors = 500
const keptBatches = 60
/** A task that was not seen for so long is gone: between its start and being listed it is not seen either. */
const goneMs = 30_000
const datagramsPerSecond = 2_000

export function openStatsd({ machine, host, control, tasks, log, periodMs = 10_000, lingerMs = Math.min(goneMs, 30 * periodMs) }: Options): Statsd {
  const doors = new Map<string, Door>()
  const kept: ScrapeBatch[] = []
  const closing = new AbortController()
  let shipping: Promise<void> | undefined
  let said = false

  async function open(who: TaskIdentity, wanted = 0): Promise<{ host: string; port: number } | null> {
    const address = await host().catch(() => null)
    if (address === null || closing.signal.aborted) return null
    const before = doors.get(who.task)
    if (before !== undefined) return { host: address, port: before.port }
    if (doors.size >= mostDoors) {
      if (!said) log.warn({ instances: doors.size }, 'so many instances have a port for StatsD that more get none')
      said = true
      return null
    }
    const socket = await bind(address, wanted)
    if (socket === null) return null
    if (closing.signal.aborted || doors.has(who.task)) {
      socket.close()
      return null
    }
    const door: Door = { who, socket, port: socket.address().port, totals: new StatsdTotals(), datagrams: 0, refused: 0, seenAtMs: performance.now() }
    doors.set(who.task, door)
    socket.on('message', (bytes) => take(door, bytes))
    socket.on('error', () => shut(door))
    return { host: address, port: door.port }
  }

  function take(door: Door, bytes: Buffer): void {
    if (++door.datagrams > (datagramsPerSecond * periodMs) / 1000 || bytes.length > statsdBounds.datagramBytes) return void door.refused++
    const { metrics, bad } = parseDatagram(bytes)
    door.refused += bad
    for (const metric of metrics) door.totals.add(metric)
  }

  function shut(door: Door): void {
    if (doors.get(door.who.task) === door) doors.delete(door.who.task)
    door.socket.removeAllListeners('error').on('error', () => {})
    try {
      door.socket.close()
    } catch {
      // it is closed already
    }
  }

  function read(door: Door, atMs: number): ScrapeBatch | null {
    const { samples, refused } = door.totals.takeSamples()
    const bad = refused + door.refused
    Object.assign(door, { datagrams: 0, refused: 0 })
    if (samples.length === 0 && bad === 0) return null
    const { app, environment, service, name } = door.who
    return { source: 'statsd', machine, at: new Date(atMs).toISOString(), app, environment, service, instance: name, up: true, tookMs: 0, beyond: 0, bad, samples }
  }

  function collect(): void {
    // two tasks of one instance may say the same: no two of them at one moment
    const now = Date.now() - doors.size
    for (const [at, door] of [...doors.values()].entries()) {
      const batch = read(door, now + at)
      if (batch !== null) kept.push(batch)
    }
    const excess = kept.length - keptBatches - doors.size
    if (excess > 0) kept.splice(0, excess)
  }

  async function ship(): Promise<void> {
    for (let batch = kept[0]; batch !== undefined; batch = kept[0]) {
      try {
        await control.post('/internal/scrapes', batch, closing.signal)
      } catch (error) {
        if (!isAppError(error, 'invalid')) return
        log.error({ error: messageOf(error), name: displayName({ ...batch, name: batch.instance }) }, 'control refuses what an instance said by StatsD; it is skipped')
      }
      if (kept[0] === batch) kept.shift()
    }
  }

  function tick(): void {
    collect()
    const running = tasks().filter(({ status }) => status.state === 'running')
    const alive = new Set(running.map(({ who }) => who.task))
    for (const door of doors.values()) {
      if (alive.has(door.who.task)) door.seenAtMs = performance.now()
      else if (performance.now() - door.seenAtMs > lingerMs) shut(door)
    }
    for (const { who } of running) if (who.statsdPort && !doors.has(who.task)) void open(who, who.statsdPort)
    shipping ??= ship().finally(() => (shipping = undefined))
  }

  const timer = setInterval(tick, periodMs)
  const first = setTimeout(tick, Math.min(1_000, periodMs))
  return {
    open: (who) => open(who),
    async close() {
      clearInterval(timer)
      clearTimeout(first)
      collect()
      shipping ??= ship().finally(() => (shipping = undefined))
      const giveUp = setTimeout(() => closing.abort(), 1_000)
      await shipping
      clearTimeout(giveUp)
      closing.abort()
      for (const door of doors.values()) shut(door)
    },
  }
}

function bind(address: string, port: number): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 256 * 1024 })
    socket.once('error', () => resolve(null))
    socket.bind({ address, port, exclusive: true }, () => {
      socket.removeAllListeners('error')
      resolve(socket)
    })
  })
}
