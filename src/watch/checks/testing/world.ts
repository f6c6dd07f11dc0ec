/** Checks over a database of their own, with the real runner; what machines would do is said by the test. */
import { openSecretBox } from '#base/secretbox.ts'
import { startRunner } from '#drivers/check/runner.ts'
import type { ControlToAgent } from '#contract/wire.ts'
import { type Database, openDatabase } from '#kernel/db/db.ts'
import type { Caller, Handler, HandlerContext, Handlers } from '#kernel/handlers.ts'
import { createLogger } from '#kernel/log.ts'
import type { EndpointId } from '#contract/endpoints.ts'
import { endpoints } from '#contract/endpoints.ts'
import { testDatabase } from '#test/harness/postgres.ts'
import { type Checks, openChecks } from '../checks.ts'
import type { Sample } from '#watch/metrics/model.ts'

export const secret = Buffer.alloc(32, 7).toString('base64')
export const operator: Caller = { actor: { kind: 'token', name: 'rosa' }, access: 'admin', apps: null }
export const tenant: Caller = { actor: { kind: 'token', name: 'ci' }, access: 'deploy', apps: ['shop'] }

export type World = { db: Database; checks: Checks; sent: { machine: string; message: ControlToAgent }[]; samples: Sample[]; machines: Map<string, object>; call<T = never>(id: EndpointId, input?: Record<string, unknown>, caller?: Caller): Promise<T> }

export async function withChecks(work: (world: World) => Promise<void>): Promise<void> {
  await using database = await testDatabase()
  const db = openDatabase(database.url)
  await db.query(`INSERT INTO apps (name, created_at) VALUES ('shop', now()), ('blog', now())`)
  await db.query(`INSERT INTO environments (app, name, created_at) VALUES ('shop', 'production', now()), ('blog', 'production', now())`)
  const [sent, samples, machines]: [World['sent'], Sample[], Map<string, object>] = [[], [], new Map()]
  const checks = openChecks({
    db, box: openSecretBox(secret), log: createLogger({ process: 'test', level: 'silent' }), machine: 'm1', startRunner, tools: { countLines: async () => 0 }, secretKey: secret, machineToken: 'machine-token', metrics: (each) => void samples.push(...each),
    reach: { apiUrl: () => 'http://control', ingressUrl: () => 'http://localhost:8080', httpsPort: () => null },
    machines: { names: () => [...machines.keys()], connection: (machine) => machines.get(machine), proxies: () => [], send: (machine, message) => (sent.push({ machine, message }), machines.has(machine)) },
  })
  const loops = checks.start()
  try {
    await work({ db, checks, sent, samples, machines, call: (id, input = {}, caller = operator) => callHandler(checks.handlers, id, input, caller) as never })
  } finally {
    await Promise.all(loops.map((loop) => loop.close()))
    await checks.close()
    await db.close()
  }
}

/** As the API would: parsed by the contract's schemas. */
async function callHandler(handlers: Handlers, id: EndpointId, input: Record<string, unknown>, caller: Caller): Promise<unknown> {
  const spec = endpoints[id] as { query?: { parse(value: unknown): unknown }; body?: { parse(value: unknown): unknown }; response: { parse(value: unknown): unknown } }
  const context: HandlerContext = { caller, now: new Date(), signal: new AbortController().signal, lastEventId: undefined, upload: undefined }
  const handler = handlers[id] as unknown as Handler<'checks.list'>
  const parsed = { params: input['params'], query: spec.query?.parse(input['query'] ?? {}), body: spec.body?.parse(input['body']) }
  return spec.response.parse(await handler(parsed as never, context))
}
