/** `docker run --restart=always` behind a proxy that somebody configured by hand, and the script that deploys: what most small teams have. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Container, Network } from 'dockerode'
import { sleep } from '#base/clock.ts'
import { messageOf } from '#base/errors.ts'
import { freePort } from '#test/harness/port.ts'
import { until } from '#test/harness/wait.ts'
import { answers } from '../rig/ask.ts'
import { engine, framed, image, isGone, label, memoryBytes, node, runCommand } from './engine.ts'
import { type Platform, type Release, hang, signalTo, startupSeconds, writeProgram } from './platform.ts'
import { type Proxy, type RunningProxy, haproxy, nginx } from './proxies.ts'

const subnet = '10.222.77'
/** What the script gives the proxy to read its servers. */
const reloadMs = 1_000

type One = { container: Container; address: string }

/** The containers of one run; `make` gives each an address that was never used before. */
class Fleet {
  readonly name = `bench-${process.pid}`
  #made = 0
  #all: One[] = []
  #network: Network | null = null
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  async open(): Promise<void> {
    const config = { Subnet: `${subnet}.0/24`, Gateway: `${subnet}.1` }
    this.#network = await engine.createNetwork({ Name: this.name, Labels: { [label]: '1' }, IPAM: { Driver: 'default', Config: [config] } })
  }

  async make(release: Release): Promise<One> {
    const nth = this.#made++
    const ip = `${subnet}.${10 + nth}`
    const folder = join(this.#folder, `release-${nth}`)
    mkdirSync(folder, { recursive: true })
    const container = await engine.createContainer({
      Image: image,
      name: `${this.name}-${nth}`,
      Labels: { [label]: '1' },
      Cmd: ['/node', '/server.js'],
      HostConfig: {
        RestartPolicy: { Name: 'always' },
        Memory: memoryBytes,
        MemorySwap: memoryBytes,
        Binds: [`${node}:/node:ro`, `${writeProgram(folder, release)}:/server.js:ro`],
        NetworkMode: this.name,
      },
      NetworkingConfig: { EndpointsConfig: { [this.name]: { IPAMConfig: { IPv4Address: ip } } } },
    })
    const one = { container, address: `${ip}:8080` }
    this.#all.push(one)
    await container.start()
    return one
  }

  async lines(): Promise<string[]> {
    const logs = await Promise.all(this.#all.map(({ container }) => container.logs({ stdout: true, stderr: true, follow: false })))
    return logs.flatMap(framed)
  }

  async close(): Promise<void> {
    for (const { container } of this.#all) await container.remove({ force: true, v: true }).catch((error: unknown) => void (isGone(error) || Promise.reject(error)))
    await this.#network?.remove()
  }
}

/** Start the new one, wait for its health, reload the proxy, stop the old one; one after the other. What fails leaves the old ones that are left. */
async function replace(fleet: Fleet, proxy: RunningProxy, serving: One[], release: Release): Promise<string> {
  try {
    if (release.command !== undefined) await runCommand(fleet.name, release.command)
    for (const old of [...serving]) {
      const fresh = await fleet.make(release)
      try {
        await until(() => answers(`http://${fresh.address}/up`), { timeoutMs: startupSeconds * 1000, everyMs: 100, because: 'its health path answers' })
      } catch {
        await fresh.container.update({ RestartPolicy: { Name: 'no' } })
        await fresh.container.stop({ t: 0 }).catch(() => {}) // it may have ended already
        return `not healthy within ${startupSeconds} s; the script stops it`
      }
      serving.splice(serving.indexOf(old), 1)
      serving.push(fresh)
      proxy.reload(serving.map(({ address }) => address))
      await sleep(reloadMs)
      await old.container.stop({ t: 10 })
    }
    return 'the script went through'
  } catch (error) {
    return messageOf(error)
  }
}

const dockerBehind = (proxy: Proxy): Platform => ({
  name: `docker + ${proxy.name}`,
  programs: [proxy.program],
  docker: true,
  cureSeconds: 0,
  compareSeconds: 0,
  hasStrategies: false,
  async start(folder, count, release) {
    mkdirSync(folder, { recursive: true })
    const fleet = new Fleet(folder)
    let running: RunningProxy | null = null
    const dispose = async () => {
      await running?.stop()
      await fleet.close()
    }
    try {
      await fleet.open()
      const serving: One[] = []
      for (let nth = 0; nth < count; nth++) serving.push(await fleet.make(release))
      const port = await freePort()
      const started = (running = proxy.start(folder, port, serving.map(({ address }) => address)))
      const url = `http://127.0.0.1:${port}`
      await until(() => answers(url), { timeoutMs: 30_000, because: `${proxy.name} serves` })
      return {
        url,
        async strike(how) {
          const [victim] = serving as [One]
          if (how === 'restart') for (const { container } of serving) await container.restart({ t: 10 })
          else if (how === 'hang') await hang(victim.address)
          else signalTo((await victim.container.inspect()).State.Pid, how)
        },
        deploy: (next) => replace(fleet, started, serving, next),
        async state() {
          const [all, believed] = await Promise.all([Promise.all(serving.map(({ container }) => container.inspect())), started.state()])
          return believed === null ? null : `${all.map(({ State, RestartCount }) => `${State.Pid} ${State.Status} ${RestartCount}`).join(', ')}; ${believed}`
        },
        lines: () => fleet.lines(),
        [Symbol.asyncDispose]: dispose,
      }
    } catch (error) {
      await dispose()
      throw error
    }
  },
})

export const dockers: Platform[] = [dockerBehind(nginx), dockerBehind(haproxy(false)), dockerBehind(haproxy(true))]
