import net from 'node:net'

/** Where `port: auto` comes from on a machine whose tasks share its addresses. */
export type PortRange = { from: number; to: number }
export const defaultPortRange: PortRange = { from: 20_000, to: 29_999 }

/**
 * Gives out ports of a range one after the other, so that a port is reused as late as possible: a late packet or a stale
 * connection of an ended instance then meets nobody.
 */
export class PortAllocator {
  readonly #range: PortRange
  #next: number

  constructor(range: PortRange = defaultPortRange, start = range.from + Math.floor(Math.random() * (range.to - range.from + 1))) {
    this.#range = range
    this.#next = start
  }

  /** A free port that is not in `taken`, or null when the range is used up. */
  async pick(taken: ReadonlySet<number>): Promise<number | null> {
    const { from, to } = this.#range
    for (let tries = 0; tries <= to - from; tries++) {
      const port = this.#next
      this.#next = port >= to ? from : port + 1
      if (!taken.has(port) && (await whyTaken(port)) === null) return port
    }
    return null
  }
}

/** Null when a program could listen on the port on every address; else what stands in the way. */
export async function whyTaken(port: number): Promise<string | null> {
  return (await whyNotListen(port, '0.0.0.0')) ?? (await whyNotListen(port, '::'))
}

function whyNotListen(port: number, host: string): Promise<string | null> {
  return new Promise((resolve) => {
    const server = net.createServer()
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve('another program listens there')
      else if (error.code === 'EACCES') resolve('only root may listen there')
      else resolve(null) // no IPv6 here, for example
    })
    server.listen({ port, host, exclusive: true, ipv6Only: host === '::' }, () => server.close(() => resolve(null)))
  })
}
