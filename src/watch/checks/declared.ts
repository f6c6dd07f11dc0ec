/** Checks that stand in manifests: what the release that serves declares is there, and what it no longer declares goes. */
import { randomUUID } from 'node:crypto'
import { messageOf } from '#base/errors.ts'
import { newId } from '#base/ids.ts'
import { type DeclaredCheck, declaredConfig } from '#contract/manifest-checks.ts'
import type { Actor } from '#contract/model.ts'
import type { Database } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import { servingReleases } from '#run/releases/read.ts'
import { type Refused, tellRefused } from '#watch/alerts/refused.ts'
import { type DeclaredRow, planDeclared } from './declared-plan.ts'
import * as normal from './normal.ts'
import { readChecks, servedEnvironments } from './read.ts'
import { clearAlertOf } from './settle.ts'
import * as store from './store.ts'

const actor: Actor = { kind: 'loop', name: 'checks' }

/** What was done, in sentences. */
export async function applyDeclared(db: Database, now: Date): Promise<string[]> {
  const [releases, environments] = [await servingReleases(db), await servedEnvironments(db)]
  const refused: Refused[] = []
  const wanted = releases.flatMap(({ app, environment, manifest }): DeclaredRow[] => (manifest.checks ?? []).flatMap((check) => {
    const row = rowOf(check, { app, environment })
    if (!('because' in row)) return [row]
    refused.push({ app, environment, name: check.name, because: row.because })
    return []
  }))
  const told = await tellRefused(db, 'check', refused, actor, now)
  const known = await readChecks(db)
  const kept = new Set(refused.map(({ app, environment, name }) => `${app}/${environment}/${name}`))
  const plan = planDeclared({ wanted, known, kept, serving: new Set(releases.map(({ app, environment }) => `${app}/${environment}`)), environments })
  if (plan.create.length + plan.update.length + plan.remove.length + plan.link.length === 0) return told
  return db.transaction(async (tx) => {
    await store.lockStates(tx)
    const said = [...told]
    const tell = async (kind: 'check.created' | 'check.changed' | 'check.removed', row: { id: string; name: string; app: string | null; environment: string | null; service: string | null }, verb: string) => {
      const summary = `the manifest of ${row.app} ${verb} the check ${row.name}`
      await record(tx, { at: now, kind, actor, app: row.app, environment: row.environment, service: row.service, summary, data: { check: row.id } })
      said.push(summary)
    }
    for (const row of plan.remove) {
      await clearAlertOf(tx, row.id, 'the check was removed', actor, now)
      await store.deleteCheck(tx, row.id)
      await tell('check.removed', row, 'no longer has')
    }
    const ids = new Map(known.filter((row) => row.declared).map((row) => [`${row.app}/${row.environment}/${row.name}`, row.id]))
    for (const want of plan.create) {
      const isPinged = want.kind === 'heartbeat'
      const row = { ...want, id: newId('chk', now), needs: [], secrets: null, declared: true, confined: true, paused_by: null, token: isPinged ? randomUUID() : null, slug: isPinged ? ((want.config['slug'] as string | undefined) ?? null) : null, created_at: now }
      await store.insertCheck(tx, row)
      ids.set(`${want.app}/${want.environment}/${want.name}`, row.id)
      await tell('check.created', row, 'has')
    }
    for (const { before, want } of plan.update) {
      await store.updateCheck(tx, { ...before, ...want, needs: before.needs, slug: want.kind === 'heartbeat' ? ((want.config['slug'] as string | undefined) ?? null) : null, token: want.kind === 'heartbeat' ? (before.token ?? randomUUID()) : null })
      await store.forgetSeen(tx, before.id)
      await tell('check.changed', before, 'changes')
    }
    for (const want of plan.link) {
      const id = ids.get(`${want.app}/${want.environment}/${want.name}`)
      const needs = want.needs.flatMap((name) => ids.get(`${want.app}/${want.environment}/${name}`) ?? [])
      if (id !== undefined) await store.setNeeds(tx, id, needs)
    }
    return said
  })
}

/** The row that it is, or why this version cannot read it: an earlier one took its release. */
function rowOf(check: DeclaredCheck, place: { app: string; environment: string }): DeclaredRow | { because: string } {
  const declared = declaredConfig(check)
  if ('faults' in declared) return { because: declared.faults.map(({ message }) => message).join('; ') }
  try {
    const every_ms = normal.everyMs(check.every)
    return { ...place, name: check.name, kind: declared.kind, config: declared.config, every_ms, timeout_ms: normal.timeoutMs(check.timeout, every_ms), retries: declared.kind === 'heartbeat' ? 0 : check.retries, vantages: normal.fromOf(declared.kind, check.from), quorum: check.quorum ?? null, criteria: check.criteria, severity: check.severity, service: check.service ?? null, needs: check.needs }
  } catch (error) {
    return { because: messageOf(error) }
  }
}
