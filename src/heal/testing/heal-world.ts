/** An app on one machine, on real PostgreSQL and the real run floor, made anew for each test of the file that imports this: only the clock, and what agents and proxies say, are the test's. */
import assert from 'node:assert/strict'
import { beforeEach } from 'node:test'
import type { Remediation } from '#contract/healing.ts'
import { type Manifest, manifestSchema } from '#contract/manifest.ts'
import type { Actor } from '#contract/model.ts'
import type { InstanceState, ObservedInstance } from '#contract/wire.ts'
import { record } from '#kernel/journal.ts'
import { lockEnvironment, setActiveRelease } from '#run/apps/commands.ts'
import { insertInstance } from '#run/instances/commands.ts'
import { liveInstances } from '#run/instances/read.ts'
import { noteConnected, noteDisk } from '#run/machines/commands.ts'
import { createRelease } from '#run/releases/commands.ts'
import { advanceRollout } from '#run/rollouts/commands.ts'
import { fileDatabase } from '#test/harness/postgres.ts'
import { listAlerts } from '#watch/alerts/read.ts'
import { applyAction, keepBreaker } from '#heal/remediations/apply.ts'
import { observe } from '#heal/remediations/observe.ts'
import { planHealing } from '#heal/remediations/plan.ts'
import { listRemediations } from '#heal/remediations/read.ts'

export const rosa: Actor = { kind: 'token', name: 'rosa' }
export const start = new Date('2026-05-01T03:00:00Z')
export let clock = start
export let app = ''
let apps = 0
export let pruned: string[] = []
export const db = await fileDatabase()
beforeEach(async () => {
  app = `shop-${++apps}`
  clock = new Date(start.getTime() + apps * 4 * 3_600_000) // what was spent an hour ago counts no more
  pruned = []
  for (const table of ['apps', 'signals', 'remediations', 'alerts', 'heal_pauses']) await db.query(`DELETE FROM ${table}`)
  await db.query(`UPDATE instances SET wanted = 'gone'`)
  await db.query(`INSERT INTO artifacts (id, ref, meta, created_at) VALUES ('slug:a', '{}', '{}', $1) ON CONFLICT DO NOTHING`, [start])
  await noteConnected(db, { machine: 'm1', driver: 'process', edgeHost: '127.0.0.1', ownAddresses: false, version: '1', os: 'Linux', cpus: 2, memoryBytes: 1e9, limits: [] }, clock)
  await noteDisk(db, 'm1', { freeBytes: 50e9, totalBytes: 100e9 })
  await make(app)
})

export const make = async (name: string) => {
  await db.query('INSERT INTO apps (name, created_at) VALUES ($1, $2)', [name, clock])
  await db.query('INSERT INTO environments (app, name, created_at) VALUES ($1, $2, $3)', [name, 'production', clock])
}

/** A release that has been rolled out and serves from now on. */
export async function serve(services: Record<string, object>, config: Record<string, string> = {}, of = app): Promise<number> {
  const manifest: Manifest = manifestSchema.parse({ services })
  for (const [name, value] of Object.entries(config)) await db.query('INSERT INTO config_vars (app, environment, name, value, set_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (app, environment, name) DO UPDATE SET value = $4', [of, 'production', name, value, clock])
  return db.transaction(async (tx) => {
    const made = await createRelease(tx, { app: of, environment: 'production', artifactId: 'slug:a', manifest, manifestSource: 'nightshift.yml', config, secrets: {}, description: Object.keys(config).length === 0 ? 'deploy' : `set config ${Object.keys(config).join(', ')}`, commit: null, buildId: null, actor: rosa, now: clock })
    await lockEnvironment(tx, of, 'production')
    await advanceRollout(tx, made.rollout, 'pending', 'starting', { name: 'released', detail: '' }, clock)
    await advanceRollout(tx, made.rollout, 'starting', 'finished', { name: 'done', detail: 'it serves' }, clock)
    await setActiveRelease(tx, of, 'production', made.release)
    await record(tx, { at: clock, kind: 'release.activated', actor: { kind: 'loop', name: 'rollouts' }, app: of, environment: 'production', release: made.release, summary: `${of} v${made.release} serves` })
    return made.release
  })
}

/** An instance of the release that serves, as its agent sees it. */
export async function instance(service: string, state: InstanceState, because = 'it exited with code 1', of = app): Promise<string> {
  const { active_release } = await db.one<{ active_release: number }>('SELECT active_release FROM environments WHERE app = $1', [of])
  const ordinal = (await liveInstances(db, { app: of })).filter((row) => row.service === service && row.wanted === 'run').length + 1
  const id = await insertInstance(db, { app: of, environment: 'production', kind: 'service', service, ordinal, release: active_release, machine: 'm1', because: 'wanted', now: clock })
  await see(id, state, because)
  return id
}

export async function see(id: string, state: InstanceState, because = 'so', extra: Partial<ObservedInstance> = {}): Promise<void> {
  const { generation } = await db.one<{ generation: number }>('SELECT generation FROM instances WHERE id = $1', [id])
  const seen: ObservedInstance = { id, generation, state, because, attempt: 1, restarts: 0, pid: 1, address: null, startedAt: new Date(clock.getTime() - 600_000).toISOString(), readyAt: null, retryAt: null, lastExit: null, ...extra }
  await db.query('UPDATE instances SET observed = $2 WHERE id = $1', [id, seen])
}

/** Time goes by in which nobody looks. */
export function advance(ms: number): void {
  clock = new Date(clock.getTime() + ms)
}

/** Turns of the loop every two seconds, as the loop makes them. */
export async function pass(seconds: number, applied: typeof applyAction = applyAction): Promise<void> {
  for (let at = 0; at < seconds; at += 2) {
    clock = new Date(clock.getTime() + 2000)
    await db.query('UPDATE machines SET last_seen_at = $1 WHERE connected', [clock])
    for (let again = true; again; ) {
      const plan = planHealing(await observe(db, clock))
      await keepBreaker(db, plan.breaker, clock)
      for (const action of plan.actions) await applied({ db, prune: async (machine) => (pruned.push(machine), '1 GB of build caches were removed') }, action, clock).catch((error: unknown) => assert.match(String(error), /stale|gone|killed/))
      again = plan.actions.some((action) => action.do !== 'note')
      if (plan.actions.some((action) => action.do === 'raise' || action.do === 'try')) break
    }
  }
}

export const all = (): Promise<Remediation[]> => listRemediations(db, { apps: null, limit: 100 })
export const newest = async (service: string): Promise<Remediation> => (await all()).find((one) => one.service === service) as Remediation
export const rungsOf = (one: Remediation) => one.tries.map((each) => `${each.rung} ${each.outcome}`)
export const alerts = () => listAlerts(db, { apps: null, open: true, limit: 100 })
