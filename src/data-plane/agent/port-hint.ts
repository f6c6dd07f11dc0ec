import type { Listening } from '#drivers/task/port.ts'
import type { HealthView } from './plan.ts'
import type { ProbeTarget } from './probe.ts'

/** How often one that is starting is looked at for the port it listens on. */
const hintEveryMs = 1_000
const noPort = '; it listens on no port (let it listen on $PORT; a worker that does not says port: false in nightshift.yml)'

/** What a task does instead of listening where it should, which is the commonest reason for not getting ready: words to put behind a failure, or none. */
export class PortHint {
  readonly #address: ProbeTarget['address']
  readonly #listening: () => Promise<Listening[]>
  #lookedAt: number
  #words = ''

  constructor(address: ProbeTarget['address'], startedAt: number, listening: () => Promise<Listening[]>) {
    this.#address = address
    this.#lookedAt = startedAt
    this.#listening = listening
  }

  /** After a bad probe. While it is starting now and then, and once more when its time is up: somebody may be waiting for the reason. */
  async after(state: HealthView['state'], probe: { closed: boolean; isLast: boolean }, now: number): Promise<string> {
    const isClosed = state === 'starting' && probe.closed
    if (!isClosed) this.#words = ''
    if (probe.isLast) this.#words = await this.#look()
    else if (isClosed && now - this.#lookedAt >= hintEveryMs) {
      this.#lookedAt = now
      const seen = await this.#look()
      this.#words = seen === noPort ? '' : seen // it may still be about to
    }
    return this.#words
  }

  async #look(): Promise<string> {
    if (this.#address === null) return ''
    const { host, port } = this.#address
    const ports = await this.#listening()
    if (ports.length === 0) return noPort
    const there = ports.find((one) => one.port === port)
    if (there === undefined) return `; it listens on ${ports.map((one) => one.port).join(', ')} instead (let it listen on $PORT)`
    return there.loopback && host !== '127.0.0.1' ? '; it listens on 127.0.0.1 only, where nobody else reaches it (let it listen on 0.0.0.0)' : ''
  }
}
