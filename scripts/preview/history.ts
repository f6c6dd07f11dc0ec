/** The journal of the last day before the preview began. */
import type { EventKind } from '#contract/events.ts'
import type { Actor, JournalEvent } from '#contract/model.ts'
import type { SceneName } from './scene.ts'

type Fields = Partial<Omit<JournalEvent, 'id' | 'kind' | 'summary'>>
type Past = { kind: EventKind; summary: string; fields: Fields }

const rosa: Actor = { kind: 'session', name: 'rosa' }
const ines: Actor = { kind: 'token', name: 'ines' }
const agent: Actor = { kind: 'agent', name: 'heron' }
const healing: Actor = { kind: 'loop', name: 'healing' }
const minute = 60_000

export function historyOf(scene: SceneName, now: number): Past[] {
  const at = (minutes: number) => new Date(now - minutes * minute).toISOString()
  const fact = (minutes: number, kind: EventKind, summary: string, fields: Fields = {}): Past => ({ kind, summary, fields: { at: at(minutes), ...fields } })
  const started = fact(1460, 'control.started', 'control 0.1.0 started and adopted 14 instances', { actor: { kind: 'system', name: 'control' } })
  if (scene === 'fresh') return [fact(2, 'control.started', 'control 0.1.0 started', { actor: { kind: 'system', name: 'control' } })]
  const calm = [
    started,
    fact(1380, 'build.cancelled', 'build of shop is cancelled by ines', { app: 'shop', actor: ines }),
    fact(1322, 'release.failed', 'shop v14 failed: release command "npm run migrate" ended with 1', { app: 'shop', release: 14 }),
    fact(1320, 'git.pushed', 'rosa pushed main of shop: 31bb0aa “Fix the migration”', { app: 'shop', actor: rosa }),
    fact(1319, 'release.activated', 'shop v15 serves', { app: 'shop', release: 15 }),
    fact(744, 'instance.exited', 'shop/worker.1 ended with code 1 after 9 h', { app: 'shop', service: 'worker', instance: 'worker.1', actor: agent, data: { code: 1 } }),
    fact(743.9, 'instance.ready', 'shop/worker.1 is ready again after 1.9 s', { app: 'shop', service: 'worker', instance: 'worker.1', actor: agent }),
    fact(431, 'machine.lost', 'lynx has not answered for 5 s', { machine: 'lynx' }),
    fact(430.6, 'machine.connected', 'lynx is back; its 5 instances ran on', { machine: 'lynx' }),
    fact(300, 'config.changed', 'CHECKOUT_TIMEOUT and FEATURE_GIFTS of shop set by ines', { app: 'shop', actor: ines }),
    fact(299, 'release.activated', 'shop v16 serves', { app: 'shop', release: 16 }),
    fact(35, 'git.pushed', 'rosa pushed main of shop: 9f31c0d “Gift cards at checkout”', { app: 'shop', actor: rosa }),
    fact(34.8, 'build.started', 'build of shop started: node, 214 files', { app: 'shop' }),
    fact(34.5, 'build.succeeded', 'build of shop succeeded in 21.4 s', { app: 'shop' }),
    fact(34.4, 'rollout.started', 'shop v17 is rolled out', { app: 'shop', release: 17 }),
    fact(34, 'release.activated', 'shop v17 serves', { app: 'shop', release: 17 }),
    fact(12.2, 'instance.unhealthy', 'shop/api.2 did not answer GET /up three times', { app: 'shop', service: 'api', instance: 'api.2', actor: agent }),
    fact(12.15, 'remediation.opened', 'shop/api has an outlier: api.2 did not answer GET /up three times', { app: 'shop', service: 'api', actor: healing, data: { remediation: 'rem_shophang' } }),
    fact(12.1, 'instance.restarting', 'shop/api.2 is killed and started again: it hung', { app: 'shop', service: 'api', instance: 'api.2', actor: agent }),
    fact(12, 'instance.ready', 'shop/api.2 is ready after 2.2 s', { app: 'shop', service: 'api', instance: 'api.2', actor: agent }),
    fact(11, 'remediation.verified', 'shop/api is healed: api.2 answered GET /up for 60 s', { app: 'shop', service: 'api', actor: healing, data: { remediation: 'rem_shophang' } }),
  ]
  if (scene === 'quiet') return calm
  const troubles = [
    fact(300.5, 'release.activated', 'billing v31 serves', { app: 'billing', release: 31, actor: ines }),
    fact(51, 'config.changed', 'INDEX_URL of search set by rosa', { app: 'search', actor: rosa }),
    fact(18, 'build.failed', 'build of search failed: npm run build ended with code 2', { app: 'search' }),
    ...[9, 7, 5.2, 3.4, 2.1].map((minutes) => fact(minutes, 'instance.exited', 'billing/web.2 was killed: out of memory at 256 MB', { app: 'billing', service: 'web', instance: 'web.2', actor: agent, data: { oom: true } })),
    fact(0.7, 'instance.held', 'billing/web.2 is held: ended 6 times within 1 min', { app: 'billing', service: 'web', instance: 'web.2', actor: agent }),
    fact(50.6, 'remediation.suggested', 'search/web is down: take v3 back? It waits for approval', { app: 'search', service: 'web', actor: healing, data: { remediation: 'rem_searchdown' } }),
    fact(4, 'remediation.opened', 'billing/web crashes in a loop: web.2 ended 6 times within 1 min', { app: 'billing', service: 'web', actor: healing, data: { remediation: 'rem_billingoom' } }),
    fact(0.72, 'remediation.handed-over', 'billing/web is handed to a person: restarting and recreating it did not help', { app: 'billing', service: 'web', actor: healing, data: { remediation: 'rem_billingoom' } }),
    fact(0.71, 'alert.raised', 'billing/web runs out of memory again and again', { app: 'billing', service: 'web', actor: healing, data: { remediation: 'rem_billingoom' } }),
    fact(0.5, 'rollout.started', 'blog v9 is rolled out', { app: 'blog', release: 9, actor: { kind: 'token', name: 'tomas' } }),
  ]
  return [...calm, ...troubles].sort((a, b) => (a.fields.at as string).localeCompare(b.fields.at as string))
}
