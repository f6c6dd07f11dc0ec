/** Bodies while they come in: bounded all together, and by the lane, so that one that sends slowly or much keeps nobody else from being heard. */
import type { IncomingMessage } from 'node:http'

export const incomingBounds = { bytes: 16 * 1024 * 1024, laneBytes: 6 * 1024 * 1024, laneRequests: 50 } as const

export class Incoming {
  readonly #lanes = new Map<string, { bytes: number; requests: number }>()
  #bytes = 0

  async read(request: IncomingMessage, name: string, most: number): Promise<Buffer | 'too large' | 'busy'> {
    const lane = this.#lanes.get(name) ?? { bytes: 0, requests: 0 }
    if (lane.requests >= incomingBounds.laneRequests) return 'busy'
    this.#lanes.set(name, lane)
    lane.requests++
    const chunks: Buffer[] = []
    let size = 0
    try {
      // what is refused is still answered
      for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        size += chunk.length
        lane.bytes += chunk.length
        this.#bytes += chunk.length
        if (size > most) return 'too large'
        if (lane.bytes > incomingBounds.laneBytes || this.#bytes > incomingBounds.bytes) return 'busy'
        chunks.push(chunk)
      }
      return Buffer.concat(chunks)
    } finally {
      lane.bytes -= size
      this.#bytes -= size
      if (--lane.requests === 0) this.#lanes.delete(name)
    }
  }
}
