/** Signs in to a MySQL or MariaDB server and runs one query; without a user it looks at the greeting alone. */
import type { CheckConfig } from '#contract/check-kinds.ts'
import { withLatency } from '../latency.ts'
import { open, placeOf, splitAddress } from '../net.ts'
import type { RunCheck, Said } from '../port.ts'
import { judgeAnswer, serverGraceMs } from '../rows.ts'
import { brief, matches } from '../texts.ts'
import { type Greeting, readGreeting } from './greeting.ts'
import { signIn } from './login.ts'
import { Packets } from './packets.ts'
import { ask } from './query.ts'

type Config = CheckConfig<'mysql'>

export const runMysql: RunCheck<Config> = async (config, context) => {
  const { host, port } = splitAddress(config.address)
  const started = performance.now()
  const socket = await open(await placeOf(host, port, context), null, context.signal)
  try {
    const packets = new Packets(socket)
    const greeting = readGreeting(await packets.next())
    const isRight = config.version === undefined || (await matches(greeting.version, config.version, context.signal))
    const said = !isRight ? wrongVersion(greeting, config) : config.user === undefined ? { status: 'ok' as const, message: greeting.version } : await query(packets, greeting, { ...config, user: config.user, host }, context.timeoutMs)
    return withLatency(said, performance.now() - started, config)
  } finally {
    socket.destroy()
  }
}

const wrongVersion = ({ version }: Greeting, config: Config): Said => ({ status: 'err', message: `its version is ${brief(version, 60)}, which does not hold ${config.version}` })

async function query(packets: Packets, greeting: Greeting, config: Config & { user: string; host: string }, timeoutMs: number): Promise<Said> {
  await signIn(packets, greeting, { ...config, password: config.password ?? '', database: config.database })
  // the server ends what nobody waits for any more, after we have said so; one that is too old to know how, goes on
  const limitMs = timeoutMs + serverGraceMs
  const limit = /mariadb/i.test(greeting.version) ? `max_statement_time = ${limitMs / 1000}` : `max_execution_time = ${Math.round(limitMs)}`
  await ask(packets, `SET SESSION ${limit}`).catch(() => {})
  // a check only looks: what writes is refused by the server, and one packet holds one statement
  await ask(packets, 'SET SESSION TRANSACTION READ ONLY')
  const answered = config.query === undefined ? undefined : await ask(packets, config.query)
  packets.send(Buffer.from([1]), true) // or it counts a connection that was broken off
  if (answered === undefined) return { status: 'ok', message: `signed in to ${greeting.version}` }
  return judgeAnswer(answered.first === null ? 'null' : answered.first, answered.rows, config.expect)
}
