/** What healed, is being healed and could not be, in the preview: one remediation for each state that a page must be able to show. */
import type { Alert, Cause, HealOverview, HealRule, Remediation, Try } from '#contract/healing.ts'
import type { JournalEvent } from '#contract/model.ts'
import { rules } from '#heal/remediations/rules.ts'
import { isCrowd, sickOf } from './crowd.ts'
import { pick } from './noise.ts'
import { type Scene, type SceneName, ago } from './scene.ts'

export type HealScene = { overview: Omit<HealOverview, 'rules'>; rules: HealRule[]; remediations: Remediation[]; alerts: Alert[] }

const minute = 60_000
const unknown: Cause = { kind: 'unknown', because: 'nothing changed just before, and what it needs is well', of: null, event: null, release: null }

type Hint = Omit<Partial<Remediation>, 'signal'> & Pick<Remediation, 'id' | 'rule' | 'state' | 'because'> & { signal: [Remediation['signal']['kind'], string, number] }

/** Newest first; times are minutes ago. */
function remediation(now: number, target: string, { signal, ...hint }: Hint): Remediation {
  const [app, environment, service] = target.startsWith('machine:') ? [null, null, null] : target.split('/')
  const since = ago(now, signal[2] * minute)
  return { target, app: app ?? null, environment: environment ?? null, service: service ?? null, machine: target.startsWith('machine:') ? target.slice(8) : 'heron', signal: { kind: signal[0], because: signal[1], since }, cause: unknown, tries: [], next: null, openedAt: ago(now, signal[2] * minute - 2500), endedAt: null, ...hint }
}

/** `endedMinutes` null: it is being verified. */
function attempt(now: number, rung: Try['rung'], did: string, minutes: number, endedMinutes: number | null, verdict: string | null, more: Partial<Try> = {}): Try {
  return { rung, did, at: ago(now, minutes * minute), by: 'healing', outcome: endedMinutes === null ? 'verifying' : 'verified', verdict, verifyBy: new Date(now - minutes * minute + 3 * minute).toISOString(), endedAt: endedMinutes === null ? null : ago(now, endedMinutes * minute), ...more }
}

const failed = { outcome: 'failed' } as const

function nightly(now: number, events: readonly JournalEvent[]): Remediation[] {
  const change = events.find((one) => one.kind === 'config.changed' && one.app === 'search')?.id ?? null
  const at = (minutes: number) => ago(now, minutes * minute)
  return [
    remediation(now, 'search/production/web', { id: 'rem_searchdown', rule: 'newest-change', state: 'suggested', next: 'revert', signal: ['down', 'no instance is ready: web.1 ends with code 1 right after its start', 51], cause: { kind: 'change', because: 'INDEX_URL was set by rosa (v3) 20 s before; v2 ran for 8 d without an exit', of: null, event: change, release: 3 }, because: 'would make v4 with the code and config of v2; the rule newest-change asks first', tries: [attempt(now, 'restart', 'started web.1 again, after 1 s, 2 s, 4 s and 8 s', 50.6, 47.6, 'it ended again within 0.4 s each time', failed)] }),
    remediation(now, 'billing/production/invoices', { id: 'rem_invoices', rule: 'failing', state: 'verifying', next: null, signal: ['failing', 'invoices.1 answered GET /up with 503 three times in a row, and 61 % of its requests since 3 min ago failed with “connection reset by peer”, which its callers see as a bad gateway', 3.2], because: 'invoices.1 is watched until its health check has passed for 60 s and fewer than 1 % of its requests fail', tries: [attempt(now, 'restart', 'restarted invoices.1 (it drained for 4 s; its requests waited)', 2.1, null, null)] }),
    remediation(now, 'blog/production/web', { id: 'rem_blogwait', rule: 'not-ready', state: 'waiting', next: 'restart', signal: ['degraded', '1 of 2 instances is ready', 0.4], because: 'a rollout is under way (v9): it may do this by itself', cause: { ...unknown, kind: 'change', because: 'v9 is being rolled out', release: 9 } }),
    remediation(now, 'billing/production/web', { id: 'rem_billingoom', rule: 'crash-loop', state: 'handed-over', signal: ['crash-loop', 'web.2 ended 6 times within 1 min, each time killed for want of memory', 4.2], cause: { kind: 'memory', because: 'it reached its limit of 256 MB before each exit; web.1, with the same release and less traffic, is at 231 MB', of: null, event: null, release: null }, because: 'recreating it did not help, and moving it would not: the other machine has the same limit', endedAt: at(0.7), tries: [attempt(now, 'restart', 'started web.2 again after a pause of 8 s', 4, 3.4, 'it was killed again after 11 s', failed), attempt(now, 'recreate', 'stopped web.2 and made it anew on heron', 3.3, 0.8, 'it was killed again 3 times, at 256 MB', failed), attempt(now, 'page', 'raised an alert', 0.7, 0.7, null, { outcome: 'nothing-to-verify' })] }),
    remediation(now, 'shop/production/api', { id: 'rem_shophang', rule: 'failing', state: 'verified', signal: ['outlier', 'api.2 did not answer GET /up three times; the others answer', 12.3], because: 'api.2 answered GET /up for 60 s and 0 of 412 requests failed', endedAt: at(11), tries: [attempt(now, 'restart', 'killed api.2, which hung, and started it again', 12.1, 11, 'ready after 2.2 s, and stayed so')] }),
    remediation(now, 'machine:lynx', { id: 'rem_lynxdisk', rule: 'disk-filling', state: 'verified', signal: ['disk-filling', '91 % of / is used, and it fills by 1.2 GB an hour: full in 4 h', 131], because: '62 % is used', endedAt: at(129.5), cause: { ...unknown, kind: 'machine', because: 'builds of the last 30 d take 11.4 GB', of: 'machine:lynx' }, tries: [attempt(now, 'prune', 'removed 41 slugs that no release of the last 30 d uses (11.4 GB)', 130.8, 129.5, '62 % of / is used now')] }),
    remediation(now, 'shop/staging/web', { id: 'rem_stagingdismissed', rule: 'failing', state: 'dismissed', signal: ['failing', '38 % of 21 requests failed within 2 min', 210], because: 'rosa took it: “I am trying the new checkout here”', endedAt: at(208) }),
    remediation(now, 'billing/production/web', { id: 'rem_billingbad', rule: 'newest-change', state: 'verified', signal: ['failing', '38.2 % of 1204 requests failed since the switch to v30 (before: 0.1 % of 9310)', 5.15 * 60], cause: { kind: 'change', because: 'v30 was switched to 2 min before; its errors say “column invoices.total_cents does not exist”', of: null, event: null, release: 30 }, because: '0.1 % of 840 requests failed within 3 min of the switch back', endedAt: at(5 * 60), tries: [attempt(now, 'restart', 'restarted web.1 and web.2, one after the other', 5.13 * 60, 5.1 * 60, '38.9 % of requests failed still', failed), attempt(now, 'revert', 'took v30 back: v31 has the code, config and secrets of v29', 5.09 * 60, 5 * 60, 'errors are as before v30')] }),
    remediation(now, 'machine:lynx', { id: 'rem_lynxlost', rule: 'machine-lost', state: 'recovered', signal: ['machine-lost', 'lynx has not answered for 5 s', 431], because: 'it answered again after 24 s; its 5 instances ran on', endedAt: at(430.6) }),
    remediation(now, 'shop/production/worker', { id: 'rem_shopworker', rule: 'not-ready', state: 'recovered', signal: ['down', 'worker.1 ended with code 1 after 9 h', 744], because: 'the agent started it again, and it was ready after 1.9 s', endedAt: at(743.9) }),
  ]
}

/** Many alike, so that there is something to page through. */
function older(now: number, apps: readonly string[] = ['shop']): Remediation[] {
  return Array.from({ length: 64 }, (_, index) => {
    const minutes = (26 + index * 3.7) * 60
    const service = ['web', 'api', 'worker'][index % 3] as string
    return remediation(now, `${apps[Math.floor(pick('older', index, 1) * apps.length)]}/production/${service}`, { id: `rem_old${index}`, rule: 'failing', state: index % 5 === 4 ? 'recovered' : 'verified', signal: ['outlier', `${service}.1 did not answer GET /up three times`, minutes], because: index % 5 === 4 ? 'it answered again by itself' : `${service}.1 answered GET /up for 60 s`, endedAt: ago(now, (minutes - 1.4) * minute), tries: index % 5 === 4 ? [] : [attempt(now, 'restart', `restarted ${service}.1`, minutes - 0.2, minutes - 1.4, 'ready after 2.1 s')] })
  })
}

/** The product's own, with what an operator set and what was used. */
const rulesOf = (): HealRule[] => {
  const set: Record<string, Partial<HealRule>> = { 'newest-change': { mode: 'suggest' }, 'machine-lost': { mode: 'off' }, 'outlier': { usedLastHour: 2 }, 'crash-loop': { usedLastHour: 12 } }
  return rules.map((one) => ({ ...one, signals: [...one.signals], ladder: [...one.ladder], mode: one.defaultMode, isTuned: false, usedLastHour: 0, ...set[one.id] }))
}

function alertsOf(now: number): Alert[] {
  const base = { environment: 'production', machine: null, clearedAt: null } as const
  return [
    { ...base, id: 'alt_billing', target: 'billing/production/web', app: 'billing', service: 'web', severity: 'critical', title: 'billing/web runs out of memory again and again', because: 'web.2 was killed 6 times within 1 min at its limit of 256 MB; restarting and recreating it did not help', wayOut: 'raise services.web.resources.memory in nightshift.yml, or roll back to v29', remediation: 'rem_billingoom', raisedAt: ago(now, 42_000) },
    { ...base, id: 'alt_lynx', target: 'machine:lynx', app: null, environment: null, service: null, machine: 'lynx', severity: 'warning', title: 'what fills the disk could not all be removed', because: '62 % of / is used, and it fills by 1.2 GB an hour still', wayOut: 'look at what /var/lib/ledger keeps, or give the machine a larger disk', remediation: 'rem_lynxdisk', raisedAt: ago(now, 129 * minute) },
  ]
}

/** Of many services those that are sick: what is tried, what was given up, and the alerts of the latter. */
function crowdHealing(now: number, apps: Scene['apps']): Pick<HealScene, 'remediations' | 'alerts'> {
  const open = sickOf(apps).map(({ app, service: { name, health, because } }, nth) => {
    const [target, minutes] = [`${app}/production/${name}`, 2 + nth * 3.1]
    const tried = attempt(now, 'restart', `started ${name}.1 again`, minutes - 0.4, minutes - 1.6, 'it ended again', failed)
    const common = { id: `rem_crowd${nth}`, rule: health === 'down' ? 'crash-loop' : 'failing', signal: [health === 'down' ? 'down' : 'degraded', because, minutes] as Hint['signal'] }
    if (health === 'working') return remediation(now, target, { ...common, state: 'verifying', because: `${name}.1 is watched until it has been ready for 60 s`, tries: [attempt(now, 'restart', `restarted ${name}.1`, 0.2, null, null)] })
    if (nth % 3 === 2) return remediation(now, target, { ...common, state: 'suggested', next: 'revert', because: 'would take the newest release back; the rule newest-change asks first', tries: [tried] })
    return remediation(now, target, { ...common, state: 'handed-over', because: 'restarting it did not help', endedAt: ago(now, (minutes - 1.7) * minute), tries: [tried] })
  })
  const alerts = open.filter(({ state }) => state === 'handed-over').map((one): Alert => ({
    id: `alt_${one.id}`, target: one.target, app: one.app, environment: one.environment, service: one.service, machine: null, clearedAt: null, severity: one.signal.kind === 'down' ? 'critical' : 'warning',
    title: `${one.app}/${one.service} is not well, and restarting it did not help`, because: one.signal.because, wayOut: `nightshift why ${one.service} --app ${one.app}`, remediation: one.id, raisedAt: one.endedAt ?? one.openedAt,
  }))
  const lost = { kind: 'machine', because: 'node-06 is lost', of: 'machine:node-06', event: null, release: null } as const
  const storm = apps.flatMap(({ detail }) => detail.services.slice(1, 3).map(({ name }) => `${detail.name}/production/${name}`)).map((target, nth) =>
    remediation(now, target, { id: `rem_storm${nth}`, rule: 'not-ready', state: nth % 4 === 3 ? 'verified' : 'recovered', cause: lost, signal: ['down', 'no instance is ready: node-06 does not answer', 180 + nth / 30], because: nth % 4 === 3 ? 'it was ready on node-02 after 3.1 s' : 'node-06 answered again, and it had run on', endedAt: ago(now, 176 * minute), tries: nth % 4 === 3 ? [attempt(now, 'move', 'started it on node-02', 178, 177, 'it is ready there')] : [] }))
  return { remediations: [...open, ...storm, ...older(now, apps.map(({ detail }) => detail.name))], alerts }
}

export function makeHealScene(name: SceneName, now: number, { events, apps }: Scene): HealScene {
  const quiet = { stopped: null, breaker: null, pauses: [{ id: 'pau_shop', app: 'shop', environment: 'staging', service: null, because: 'load test', by: 'rosa', at: ago(now, 9 * minute), until: ago(now, -21 * minute) }], actionsLastHour: 0, actionsPerHour: 60 }
  if (name === 'fresh') return { overview: quiet, rules: rulesOf().map((one) => ({ ...one, usedLastHour: 0 })), remediations: [], alerts: [] }
  if (name === 'quiet') return { overview: { ...quiet, actionsLastHour: 1 }, rules: rulesOf(), remediations: [...nightly(now, events).filter((one) => one.app === 'shop'), ...older(now)], alerts: [] }
  if (isCrowd(name)) return { overview: { ...quiet, pauses: [], actionsLastHour: 4 }, rules: rulesOf(), ...crowdHealing(now, apps) }
  const overview = { ...quiet, actionsLastHour: 5, stopped: name === 'stopped' ? { by: 'rosa', because: 'we move the database by hand until 04:00', at: ago(now, 14 * minute) } : null, breaker: name === 'breaker' ? '9 of 11 services became sick within 2 min' : null }
  return { overview, rules: rulesOf(), remediations: [...nightly(now, events), ...older(now)], alerts: alertsOf(now) }
}
