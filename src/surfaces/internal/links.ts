/**
 * The connections that stand, one a machine and kind. A newer one takes the place of an older one; the older one is
 * closed, and when it then ends that says nothing about the machine.
 */
import type { WebSocket } from 'ws'
import type { ControlToAgent, MachineFacts } from '#contract/wire.ts'

type Link = {
  socket: WebSocket
  machine: string
  /** Rises with each connection. */
  arrived: number
}

export type AgentLink = Link & {
  facts: MachineFacts
  /** What was sent last, and when its rows were read: retired instances of that time are out of it. */
  sent: { hash: string; generation: number; readAt: Date } | undefined
}

export type ProxyLink = Link & { httpPort: number; httpsPort: number | null; sentHash: string | undefined }

export class Links<L extends Link> {
  readonly #links = new Map<string, L>()

  /** False if it has ended meanwhile or a newer one is here. In one tick, so that no closed or older one takes the place of a living one. */
  enter(link: L): boolean {
    const before = this.#links.get(link.machine)
    if (link.socket.readyState !== link.socket.OPEN || (before !== undefined && before.arrived > link.arrived)) {
      link.socket.close(1000, 'a newer connection is here')
      return false
    }
    before?.socket.close(1000, 'replaced by a newer connection')
    this.#links.set(link.machine, link)
    return true
  }

  /** False if another had taken its place. */
  leave(link: L): boolean {
    return this.#links.get(link.machine) === link && this.#links.delete(link.machine)
  }

  get(machine: string): L | undefined {
    return this.#links.get(machine)
  }

  get machines(): string[] {
    return [...this.#links.keys()]
  }

  [Symbol.iterator](): MapIterator<L> {
    return this.#links.values()
  }
}

export const sendTo = (link: AgentLink, message: ControlToAgent) => link.socket.send(JSON.stringify(message))
