/** The first packet of a MySQL or MariaDB server: protocol version 10, or a refusal. */
import { Fields, refusalOf } from './packets.ts'
import { brief } from '../texts.ts'

/** `capabilities`, `scramble` and `method` are what a server of this century says beside its version. */
export type Greeting = { version: string; capabilities: number; scramble: Buffer; method: string }

export const scrambleBytes = 20

/** Throws with the reason where it is none. */
export function readGreeting(packet: Buffer): Greeting {
  if (packet[0] === 0xff) throw new Error(`the server refuses: ${refusalOf(packet)}`)
  if (packet[0] !== 10 || packet.indexOf(0, 1) < 0) throw new Error(`it does not greet as a MySQL server does: ${brief(packet.toString('utf8'), 60) || 'it said nothing'}`)
  const fields = new Fields(packet, 1)
  const version = fields.word().toString('utf8')
  if (fields.left < 31) return { version, capabilities: 0, scramble: Buffer.alloc(scrambleBytes), method: '' }
  fields.take(4) // the connection's number
  const first = fields.take(8)
  fields.take(1)
  const low = fields.number(2)
  fields.take(3) // character set, status
  const capabilities = (low | (fields.number(2) << 16)) >>> 0
  const length = fields.number(1)
  fields.take(10)
  const second = fields.take(Math.min(Math.max(13, length - 8), fields.left))
  return { version, capabilities, scramble: Buffer.concat([first, second]).subarray(0, scrambleBytes), method: fields.word().toString('latin1') }
}
