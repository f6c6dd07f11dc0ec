/** One command that reads, in RESP 2 (redis.io/docs/reference/protocol-spec): all that a check needs of a client. */
import type { Socket } from 'node:net'
import type { CheckConfig } from '#contract/check-kinds.ts'
import { withLatency } from '../latency.ts'
import { open, placeOf, readUntil } from '../net.ts'
import type { RunCheck, Said } from '../port.ts'
import { brief, matches } from '../texts.ts'

const maxReplyBytes = 256 * 1024

export const runRedis: RunCheck<CheckConfig<'redis'>> = async (config, context) => {
  const started = performance.now()
  const socket = await open(await placeOf(config.host, config.port, context), config.tls ? { name: config.host, verify: config.verify } : null, context.signal)
  try {
    const words = [...(config.password === undefined ? [] : [config.user === undefined ? ['AUTH', config.password] : ['AUTH', config.user, config.password]]), config.command.split(' ')]
    socket.write(Buffer.concat(words.map(encode)))
    const replies = await readReplies(socket, words.length)
    return withLatency(await judgeReply(replies, config.expect, context.signal), performance.now() - started, config)
  } finally {
    socket.destroy()
  }
}

function encode(words: readonly string[]): Buffer {
  return Buffer.from(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`)
}

export type Reply = { error: boolean; text: string | null }

async function readReplies(socket: Socket, count: number): Promise<Reply[]> {
  let replies: Reply[] = []
  await readUntil(socket, (data) => (replies = parseReplies(data)).length >= count, maxReplyBytes)
  if (replies.length < count) throw new Error('the server ended the connection before it answered')
  return replies
}

/** Simple strings, errors, integers and bulk strings, as far as they are complete. */
function parseReplies(data: Buffer): Reply[] {
  const replies: Reply[] = []
  let at = 0
  while (at < data.length) {
    const end = data.indexOf('\r\n', at)
    if (end < 0) break
    const [kind, line] = [String.fromCharCode(data[at] as number), data.toString('utf8', at + 1, end)]
    at = end + 2
    if (kind === '$' && line !== '-1') {
      const length = Number(line)
      if (data.length < at + length + 2) break
      replies.push({ error: false, text: data.toString('utf8', at, at + length) })
      at += length + 2
    } else if (kind === '+' || kind === ':' || kind === '-' || kind === '$') replies.push({ error: kind === '-', text: kind === '$' ? null : line })
    else throw new Error('it does not speak as a Redis server does')
  }
  return replies
}

async function judgeReply(replies: readonly Reply[], expect: string | undefined, signal: AbortSignal): Promise<Said> {
  const failed = replies.find(({ error }) => error)
  if (failed) return { status: 'err', message: `the server refuses: ${brief(failed.text ?? '')}` }
  const text = replies.at(-1)?.text ?? null
  const number = text === null || text.trim() === '' ? NaN : Number(text)
  const metrics = Number.isFinite(number) ? [{ name: 'value', value: number }] : infoMetrics(text ?? '')
  if (expect !== undefined && (text === null || !(await matches(text, expect, signal)))) return { status: 'err', message: `it answered ${text === null ? 'nothing' : brief(text, 100)}, which does not hold ${expect}`, metrics }
  return { status: 'ok', message: text === null ? 'nothing' : brief(text, 100), metrics }
}

const shown = ['connected_clients', 'used_memory', 'instantaneous_ops_per_sec', 'evicted_keys', 'keyspace_hits', 'keyspace_misses', 'rejected_connections', 'master_link_down_since_seconds']

function infoMetrics(text: string) {
  return [...text.matchAll(/^(\w+):(\d+(?:\.\d+)?)\r?$/gm)].flatMap(([, name = '', value]) => (shown.includes(name) ? [{ name, value: Number(value) }] : []))
}
