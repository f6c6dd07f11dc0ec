/**
 * The preview's moving world: state in memory, changed by calls and by `tick`. It exists to look at the console and to
 * photograph it; it decides nothing the way Nightshift does.
 */
import { EventEmitter } from 'node:events'
import { AppError } from '#base/errors.ts'
import type { EventKind } from '#contract/events.ts'
import type { Actor, Instance, JournalEvent, LogLine } from '#contract/model.ts'
import { logStreams } from '#contract/wire.ts'
import { levels, toLogLine } from '#watch/logs/model.ts'
import { crowdHistory, isCrowd } from './crowd.ts'
import { say } from './lines.ts'
import { pick, requestRate } from './noise.ts'
import { type PreviewApp, type Scene, type SceneName, makeInstance, makeScene } from './scene.ts'
import { type HealScene, makeHealScene } from './healing.ts'
import { historyOf } from './history.ts'

const loop: Actor = { kind: 'loop', name: 'instances' }
const maxLines = 120_000
type Fields = Partial<Omit<JournalEvent, 'id' | 'at' | 'kind' | 'summary'>> & { at?: string }

export class World {
  readonly name: SceneName
  readonly scene: Scene
  readonly heal: HealScene
  readonly bus = new EventEmitter().setMaxListeners(0)
  readonly lines: LogLine[] = []
  /** Lines and times of builds that are under way or were asked for. */
  readonly buildStarts = new Map<string, number>()
  #lineNumber = 0
  #eventId = 4200

  constructor(name: SceneName, now: number) {
    this.name = name
    this.scene = makeScene(name, now)
    for (const { kind, summary, fields } of isCrowd(name) ? crowdHistory(this.scene.apps, now) : historyOf(name, now)) this.record(kind, summary, fields)
    this.heal = makeHealScene(name, now, this.scene)
    for (let ms = now - 40 * 60_000; ms < now; ms += 900) this.#speak(ms)
  }

  app(name: string, environment = 'production'): PreviewApp {
    const found = this.scene.apps.find((one) => one.detail.name === name && one.detail.environment === environment)
    if (found) return found
    const elsewhere = this.scene.apps.some((one) => one.detail.name === name)
    throw new AppError('not-found', elsewhere ? `app "${name}" has no environment "${environment}"` : `there is no app "${name}" (see: nightshift apps)`)
  }

  record(kind: EventKind, summary: string, fields: Fields = {}): JournalEvent {
    const event: JournalEvent = {
      id: ++this.#eventId, at: new Date().toISOString(), kind, actor: loop, app: null, environment: fields.app ? 'production' : null,
      service: null, instance: null, machine: null, release: null, cause: null, summary, data: {}, ...fields,
    }
    this.scene.events.push(event)
    this.bus.emit('event', event)
    return event
  }

  say(line: Omit<LogLine, 'cursor'>): void {
    const row = { line: ++this.#lineNumber, atMs: Date.parse(line.at), source: 0, stream: logStreams.indexOf(line.stream), level: levels.indexOf(line.level), text: line.text }
    const full = toLogLine(row, { ...line, id: 0, machine: 'heron' })
    let place = this.lines.length // nearly always the end: times are a moment apart
    while (place > 0 && (this.lines[place - 1] as LogLine).cursor > full.cursor) place--
    this.lines.splice(place, 0, full)
    if (this.lines.length > maxLines) this.lines.splice(0, maxLines / 10)
    this.bus.emit('line', full)
  }

  /** Moves the world to `now`: log lines, samples, instances that start, restart and are replaced. */
  tick(now: number): void {
    for (let ms = now - 500; ms < now; ms += 125) this.#speak(ms)
    for (const app of this.scene.apps) {
      for (const service of app.detail.services) {
        for (const instance of service.instances) this.#move(app, instance, now)
        service.ready = service.instances.filter((one) => one.state === 'ready').length
      }
      const rate = app.rates['web'] === undefined || app.detail.settings.stopped ? 0 : requestRate(`${app.detail.name}/web`, now, app.rates['web'])
      app.detail.requestRate = Math.round(rate * 10) / 10
      app.detail.errorShare = app.detail.health === 'down' ? 1 : app.detail.health === 'degraded' ? 0.031 : 0.0004
    }
    for (const machine of this.scene.machines) machine.lastSeenAt = new Date(now - 700).toISOString()
  }

  #speak(ms: number): void {
    for (const { detail } of this.scene.apps) {
      const talkers = detail.services.flatMap((service) => service.instances.filter((one) => one.state !== 'held').map((one) => ({ service, one })))
      if (talkers.length === 0) continue
      const r = pick(`${detail.name}.${detail.environment}.say`, ms, 125)
      if (r > (detail.environment === 'production' && detail.name === 'shop' ? 0.8 : 0.12)) continue
      const { service, one } = talkers[Math.floor(pick(`${detail.name}.who`, ms, 1) * talkers.length)] as (typeof talkers)[number]
      const { level, stream, text } = say(detail.name, service.name, pick('what', ms + detail.name.length * 3, 1), pick('how', ms + detail.name.length * 5, 1))
      this.say({ at: new Date(ms).toISOString(), app: detail.name, environment: detail.environment, service: service.name, instance: one.name, release: one.release, stream, level, text })
    }
  }

  #move(app: PreviewApp, instance: Instance, now: number): void {
    const name = `${app.detail.name}/${instance.name}`
    if (instance.state === 'ready' || instance.state === 'unhealthy') {
      instance.cpu = Math.round((0.04 + 0.3 * pick(name, now, 5000)) * 1000) / 1000
      instance.memoryBytes = Math.round((instance.memoryBytes ?? 9e7) * (0.995 + 0.01 * pick(`${name}m`, now, 5000)))
    }
    if (instance.retryAt !== null && Date.parse(instance.retryAt) < now) {
      const again = new Date(now + (instance.state === 'held' ? 300_000 : 20_000)).toISOString()
      const code = instance.lastExit?.code ?? 1
      instance.restarts++
      instance.retryAt = again
      instance.lastExit = { code, signal: instance.lastExit?.signal ?? null, oom: instance.lastExit?.oom ?? false, at: new Date(now).toISOString() }
      this.record('instance.exited', `${name} ended with code ${code} after 0.4 s`, { ...this.#of(app, instance) })
    }
    if (instance.state === 'starting' && app.detail.name === 'shop' && instance.startedAt !== null && now - Date.parse(instance.startedAt) > 2500) {
      Object.assign(instance, { state: 'ready', because: 'answers its health check', readyAt: new Date(now).toISOString() })
      this.record('instance.ready', `${name} is ready after 2.4 s`, this.#of(app, instance))
      if (app.detail.rollout === null) this.#settle(app)
    }
  }

  #of(app: PreviewApp, instance: Instance): Fields {
    return { app: app.detail.name, environment: app.detail.environment, service: instance.service, instance: instance.name, machine: instance.machine, release: instance.release }
  }

  #settle(app: PreviewApp): void {
    const busy = app.detail.services.some((service) => service.instances.some((one) => one.state === 'starting'))
    app.detail.health = busy ? 'working' : 'healthy'
    for (const service of app.detail.services) service.health = service.instances.some((one) => one.state === 'starting') ? 'working' : 'healthy'
    const ready = app.detail.services.flatMap((service) => service.instances).filter((one) => one.state === 'ready').length
    app.detail.because = busy ? 'instances are being restarted, one after the other' : `${app.detail.services.length} services healthy, ${ready} of ${ready} instances ready`
  }

  restart(app: PreviewApp, which: (instance: Instance) => boolean): string[] {
    const chosen = app.detail.services.flatMap((service) => service.instances).filter(which)
    const now = Date.now()
    for (const instance of chosen) {
      Object.assign(instance, { state: 'starting', because: 'restarted by an operator, waiting for GET /up', startedAt: new Date(now).toISOString(), readyAt: null, retryAt: null, restarts: instance.restarts + 1 })
      this.record('app.restarted', `${app.detail.name}/${instance.name} is restarted by rosa`, this.#of(app, instance))
    }
    this.#settle(app)
    return chosen.map((one) => one.name)
  }

  scale(app: PreviewApp, name: string, count: number): void {
    const service = app.detail.services.find((one) => one.name === name)
    if (!service) throw new AppError('not-found', `app "${app.detail.name}" has no service "${name}"`)
    while (service.instances.length > count) service.instances.pop()
    while (service.instances.length < count) service.instances.push(makeInstance(Date.now(), name, service.instances.length + 1, app.detail.release ?? 1, { state: 'starting', because: 'scaled by an operator', upMs: 0 }))
    service.wanted = count
    this.#settle(app)
    this.record('scale.changed', `${app.detail.name}/${name} is scaled to ${count} by rosa`, { app: app.detail.name, service: name })
  }

  /** A new release out of an older one: finishes within seconds. */
  release(app: PreviewApp, description: string, change: (number: number) => Partial<PreviewApp['releases'][number]>): { release: number; rollout: string } {
    const number = (app.releases[0]?.number ?? 0) + 1
    const base = app.releases.find((one) => one.state === 'active') ?? app.releases[0]
    if (!base) throw new AppError('conflict', `app "${app.detail.name}" has no release yet (deploy it first: nightshift deploy)`)
    const at = new Date().toISOString()
    app.releases.unshift({ ...base, number, description, because: `${description} by rosa`, by: 'rosa', createdAt: at, ...change(number), state: 'rolling' })
    const rollout = `rol_preview${number}`
    app.detail.rollout = { id: rollout, release: number, fromRelease: app.detail.release, state: 'starting', because: `${description} by rosa`, startedAt: at, finishedAt: null, steps: [{ name: 'released', at, detail: `v${number}` }] }
    app.detail.health = 'working'
    app.detail.because = `v${number} is being rolled out`
    this.record('release.created', `${app.detail.name} v${number}: ${description}`, { app: app.detail.name, environment: app.detail.environment, release: number })
    for (const [index, name] of ['started', 'healthy', 'shifted', 'done'].entries()) setTimeout(() => this.#step(app, number, name), 700 * (index + 1)).unref()
    return { release: number, rollout }
  }

  #step(app: PreviewApp, number: number, name: string): void {
    const { rollout } = app.detail
    if (rollout?.release !== number || rollout.finishedAt !== null) return
    rollout.steps.push({ name, at: new Date().toISOString(), detail: name === 'healthy' ? 'web.1 answered GET /up after 1.4 s' : name === 'shifted' ? 'traffic goes to the new instances' : '' })
    if (name !== 'done') return
    Object.assign(rollout, { state: 'finished', finishedAt: new Date().toISOString() })
    for (const one of app.releases) one.state = one.number === number ? 'active' : one.state === 'active' || one.state === 'rolling' ? 'superseded' : one.state
    app.detail.release = number
    app.detail.deployedAt = new Date().toISOString()
    for (const service of app.detail.services) for (const instance of service.instances) instance.release = number
    this.#settle(app)
    this.record('release.activated', `${app.detail.name} v${number} serves`, { app: app.detail.name, environment: app.detail.environment, release: number })
  }
}
