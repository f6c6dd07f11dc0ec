/**
 * One bridge network per app and environment: its instances reach each other by address, and no other app's. The engine's
 * own pool holds about thirty networks, so each gets a /24 of our own private range, chosen by its name and the
 * same again when it is made anew (the proxy's listeners on its gateway live on).
 */
import { createHash } from 'node:crypto'
import type Docker from 'dockerode'
import { sleep } from '#base/clock.ts'
import { engineMessage, statusOf } from './engine.ts'
import { firstHost, routedPrefixes } from './subnets.ts'

export type Network = { id: string; gateway: string }

const networksPerRange = 512
const networkLabel = 'nightshift.network'

export class Networks {
  readonly #engine: Docker
  readonly #range: readonly [number, number]
  readonly #known = new Map<string, Promise<Network>>()
  #idle = new Set<string>()

  constructor(engine: Docker, range: readonly [number, number]) {
    this.#engine = engine
    this.#range = range
  }

  /** The network of the task's app and environment, made if it is not there. Idempotent, also between processes. */
  async ensure(labels: Record<string, string>): Promise<Network> {
    const name = networkName(labels)
    const known = this.#known.get(name)
    if (known) return known
    const made = this.#ensure(name).catch((error) => {
      this.#known.delete(name)
      throw error
    })
    this.#known.set(name, made)
    return made
  }

  /** The address of this machine that every task reaches, whatever its network: the engine's own bridge, which is never removed. */
  async machineAddress(): Promise<string> {
    const bridge = (await this.#engine.getNetwork('bridge').inspect()) as { IPAM?: { Config?: { Subnet?: string; Gateway?: string }[] } }
    const config = bridge.IPAM?.Config?.[0]
    // At its very first start an engine tells no gateway until it is started again (seen with 20.10): it took the subnet's first address.
    const gateway = config?.Gateway || (config?.Subnet && firstHost(config.Subnet))
    if (!gateway) throw new Error('the engine has no default bridge network with a gateway (is "bridge": "none" set in its daemon.json?)')
    return gateway
  }

  /** The engine says it is gone: look again next time. */
  forget(labels: Record<string, string>): void {
    this.#known.delete(networkName(labels))
  }

  /** Removes the network unless something is still in it. Idempotent. */
  async removeIdle(labels: Record<string, string>): Promise<void> {
    const name = networkName(labels)
    this.#known.delete(name)
    await this.#engine
      .getNetwork(name)
      .remove()
      .catch((error) => {
        if (statusOf(error) !== 404 && statusOf(error) !== 403) throw error
      })
  }

  /**
   * Removes networks that nothing was in, now and at the call before: those of apps that are gone. A network that is made
   * anew later has the same addresses.
   */
  async removeUnused(): Promise<void> {
    const idle = new Set<string>()
    for (const { Id, Name } of await this.#engine.listNetworks({ filters: { label: [networkLabel] } })) {
      const { Containers } = (await this.#engine.getNetwork(Id).inspect()) as { Containers?: Record<string, unknown> }
      if (Object.keys(Containers ?? {}).length > 0) continue
      idle.add(Id)
      if (!this.#idle.has(Id)) continue
      this.#known.delete(Name)
      await this.#engine.getNetwork(Id).remove()
    }
    this.#idle = idle
  }

  async #ensure(name: string): Promise<Network> {
    const found = await this.#find(name)
    if (found) return found
    // The engine knows its own subnets only; a bridge that another engine left behind would get what is meant for ours.
    const routed = await routedPrefixes()
    const first = createHash('sha256').update(name).digest().readUInt16BE() % networksPerRange
    for (let i = 0; i < networksPerRange; i++) {
      const slot = (first + i) % networksPerRange
      const prefix = `${this.#range[0]}.${this.#range[1] + Math.floor(slot / 256)}.${slot % 256}`
      const made = !routed.has(prefix) && (await this.#create(name, prefix))
      // Names are not unique in the engine, subnets are: whoever else makes this network now has taken this very subnet.
      const network = made ? await this.#find(name) : await this.#appears(name)
      if (network) return network
    }
    throw new Error(`all ${networksPerRange} networks from ${this.#range.join('.')}.0.0 on are taken (remove unused ones with "docker network prune", or set another range)`)
  }

  /** False: the subnet is taken. */
  async #create(name: string, prefix: string): Promise<boolean> {
    try {
      await this.#engine.createNetwork({
        Name: name,
        CheckDuplicate: true,
        Driver: 'bridge',
        Labels: { [networkLabel]: 'true' },
        IPAM: { Driver: 'default', Config: [{ Subnet: `${prefix}.0/24`, Gateway: `${prefix}.1` }] },
      })
      return true
    } catch (error) {
      if (statusOf(error) === 409 || /overlap/i.test(engineMessage(error))) return false
      throw error
    }
  }

  async #appears(name: string): Promise<Network | null> {
    for (let tries = 0; tries < 10; tries++) {
      const found = await this.#find(name)
      if (found) return found
      await sleep(30)
    }
    return null
  }

  /** The oldest of that name. */
  async #find(name: string): Promise<Network | null> {
    const found = (await this.#engine.listNetworks({ filters: { name: [name] } })).filter((network) => network.Name === name)
    const [oldest] = found.sort((a, b) => (a.Created < b.Created ? -1 : 1))
    return oldest ? { id: oldest.Id, gateway: oldest.IPAM?.Config?.[0]?.Gateway ?? '' } : null
  }
}

function networkName(labels: Record<string, string>): string {
  const part = (label: string) => (labels[label] ?? 'none').replaceAll(/[^a-zA-Z0-9_.-]/g, '_')
  return `nightshift-${part('app')}-${part('environment')}`
}
