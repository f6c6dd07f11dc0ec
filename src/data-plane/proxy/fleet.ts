import type { ServiceKey } from '#contract/names.ts'
import type { AgentToProxy, Endpoint, ProxyToAgent, RouteTable } from '#contract/wire.ts'
import { suspensionMs } from './balancer.ts'
import { Ejections, type Note } from './ejection.ts'
import { Instance } from './instance.ts'
import type { Limits } from './limits.ts'
import { Service } from './service.ts'

/**
 * All services and instances, from two sources that know nothing of each other: control's table says who is in rotation,
 * the agent says who is ready. Only who is both gets requests.
 */
export class Fleet {
  readonly #services = new Map<ServiceKey, Service>()
  readonly #instances = new Map<string, Instance>()
  readonly #tell: (message: ProxyToAgent) => void
  readonly #limits: Limits
  readonly #ejections: Ejections
  #comparedAt = 0
  readonly #suspensions = new Set<NodeJS.Timeout>()
  /** Instances that the last whole list left out, with what will forget them. */
  readonly #missing = new Map<string, NodeJS.Timeout>()
  /** Called after any change that a restart must remember. */
  onChange: () => void = () => {}

  constructor(tell: (message: ProxyToAgent) => void, limits: Limits, note: Note) {
    this.#tell = tell
    this.#ejections = new Ejections(limits, note)
    this.#limits = limits
  }

  service(key: ServiceKey): Service {
    let service = this.#services.get(key)
    if (service === undefined) {
      service = new Service(key, this.#limits)
      this.#services.set(key, service)
    }
    return service
  }

  /** A service of the table; undefined when it is in none. */
  known(app: string, environment: string, name: string): Service | undefined {
    for (const service of this.#services.values()) {
      if (service.known && service.name === name && service.app === app && service.environment === environment) return service
    }
    return undefined
  }

  /** Whether instances of an older release are in that environment: the release is on its way in. */
  hasElder(app: string, environment: string, release: number): boolean {
    return [...this.#instances.values()].some((instance) => {
      if (instance.release >= release) return false
      const service = this.#services.get(instance.service)
      return service?.app === app && service.environment === environment
    })
  }

  endpoints(): Endpoint[] {
    return [...this.#instances.values()].map((instance) => instance.endpoint())
  }

  describe(targets: RouteTable['services']): void {
    for (const key of Object.keys(targets)) this.service(key)
    for (const service of this.#services.values()) {
      service.describe(targets[service.key])
      this.#elect(service)
    }
  }

  /** Idempotent: the agent may say anything twice. */
  hear(message: AgentToProxy): void {
    if (message.t === 'endpoints') this.#replace(message.endpoints)
    else if (message.t === 'endpoint') this.#put(message.endpoint)
    else if (message.t === 'gone') this.#remove(message.instance, 'gone')
    else this.#drain(message.instance)
    this.onChange()
  }

  /**
   * An agent that has just started lists only what it has found again so far. What it leaves out goes on for a while,
   * since the instance most likely does.
   */
  #replace(endpoints: readonly Endpoint[]): void {
    const named = new Set(endpoints.map((endpoint) => endpoint.instance))
    for (const id of this.#instances.keys()) {
      if (named.has(id) || this.#missing.has(id)) continue
      const forget = () => {
        this.#remove(id, 'left out')
        this.onChange()
      }
      this.#missing.set(id, setTimeout(forget, this.#limits.forgetMs))
    }
    for (const endpoint of endpoints) this.#put(endpoint)
  }

  #found(id: string): void {
    clearTimeout(this.#missing.get(id))
    this.#missing.delete(id)
  }

  #put(endpoint: Endpoint): void {
    this.#found(endpoint.instance)
    const known = this.#instances.get(endpoint.instance)
    if (known?.host !== endpoint.host || known.port !== endpoint.port) this.#claim(endpoint)
    const before = known?.service
    const moved = known !== undefined && (known.host !== endpoint.host || known.port !== endpoint.port)
    const starts = endpoint.state === 'ready' && (moved || known?.state !== 'ready')
    const instance = known ?? new Instance(endpoint)
    this.#instances.set(endpoint.instance, instance)
    known?.update(endpoint)
    if (starts) this.#begin(instance, moved)
    if (before !== undefined && before !== endpoint.service) this.#elect(this.service(before))
    this.#elect(this.service(endpoint.service))
    // an agent in doubt says unready too: with nobody else to ask, what a slow program works on is not asked of it twice
    const canGoElsewhere = this.service(endpoint.service).eligible.length > 0
    if (moved || (endpoint.state === 'unready' && canGoElsewhere)) known?.recall()
  }

  /** It was not ready, and now is: what it did before says nothing of it any more. */
  #begin(instance: Instance, moved: boolean): void {
    const now = performance.now()
    if (moved || !instance.hasBegun) instance.begins(now)
    this.service(instance.service).readyMs = now
    if (instance.ejected) this.#ejections.readmit(this.service(instance.service), instance, now, 'it has become ready anew')
    instance.score.clear()
    instance.warmUp(now, this.#limits.slowStartMs)
  }

  /** An address is one instance's: whoever had it before is not there any more, and must not get the other's requests. */
  #claim({ instance: id, host, port }: Endpoint): void {
    for (const [other, { host: otherHost, port: otherPort }] of this.#instances) {
      if (other !== id && otherPort === port && otherHost === host) this.#remove(other, 'replaced')
    }
  }

  /**
   * `gone`: nothing of it is left, so what hangs on it ends too, and requests without an answer look elsewhere. One that was
   * merely left out of a list gets no new requests, but what it has it keeps.
   */
  #remove(id: string, how: 'gone' | 'replaced' | 'left out'): void {
    const instance = this.#instances.get(id)
    if (instance === undefined) return
    this.#found(id)
    this.#instances.delete(id)
    instance.state = 'unready'
    if (how === 'gone') instance.destroy()
    else instance.closeIdle()
    this.#elect(this.service(instance.service))
    if (how !== 'left out') instance.recall()
    this.#settle(instance)
  }

  #drain(id: string): void {
    const instance = this.#instances.get(id)
    if (instance === undefined) return this.#tell({ t: 'drained', instance: id })
    this.#found(id)
    instance.update({ ...instance.endpoint(), state: 'draining' })
    instance.drainAsked = true
    this.#elect(this.service(instance.service))
    this.#settle(instance)
  }

  /** Answers a drain as soon as nothing is in flight. Call it whenever something ends. */
  ended(instance: Instance): void {
    instance.inFlight--
    if (instance.drainAsked) this.#settle(instance)
  }

  #settle(instance: Instance): void {
    if (!instance.drainAsked || instance.inFlight > 0) return
    instance.drainAsked = false
    this.#tell({ t: 'drained', instance: instance.id })
  }

  #elect(service: Service): void {
    const eligible: Instance[] = []
    for (const id of service.listed) {
      const instance = this.#instances.get(id)
      if (instance?.service === service.key && instance.state === 'ready') eligible.push(instance)
    }
    service.elect(eligible)
    this.#ejections.fit(service, performance.now())
    if (eligible.length > 0 || !service.expected) service.wake()
  }

  /** It refused a connection: pass it over for a moment, then let those try again who wait. */
  refused(instance: Instance, because: string, nowMs: number): void {
    this.suspect(instance, because, nowMs)
    instance.score.failed(nowMs)
    const wait = suspensionMs(++instance.failures)
    instance.suspendedUntil = nowMs + wait
    const timer = setTimeout(() => {
      this.#suspensions.delete(timer)
      this.#services.get(instance.service)?.wake()
    }, wait + 1)
    this.#suspensions.add(timer)
  }

  /** A hint to the agent to probe now, at most one a second for an instance. */
  suspect(instance: Instance, because: string, nowMs: number): void {
    if (nowMs - instance.suspectSaidAt < 1_000) return
    instance.suspectSaidAt = nowMs
    this.#tell({ t: 'suspect', instance: instance.id, because })
  }

  beat(nowMs: number): void {
    this.#listen(nowMs)
    if (nowMs - this.#comparedAt < this.#limits.compareMs) return
    this.#comparedAt = nowMs
    for (const service of this.#services.values()) this.#ejections.compare(service, nowMs)
  }

  /** An instance that owes answers and has been silent for longer than its service usually takes: the agent may find out why. */
  #listen(nowMs: number): void {
    for (const instance of this.#instances.values()) {
      const silentMs = instance.silentMs(nowMs)
      if (silentMs === 0) continue
      const { patienceMs } = this.service(instance.service).latency
      if (silentMs > patienceMs) this.suspect(instance, `silent for ${Math.round(silentMs)} ms with requests unanswered (usual is up to ${Math.round(patienceMs)} ms)`, nowMs)
    }
  }

  sweep(nowMs: number, maxIdleMs: number): void {
    for (const instance of this.#instances.values()) instance.sweep(nowMs, maxIdleMs)
  }

  close(): void {
    for (const timer of [...this.#suspensions, ...this.#missing.values()]) clearTimeout(timer)
    for (const instance of this.#instances.values()) instance.destroy()
  }
}
