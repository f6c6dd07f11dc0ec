/** What a remediation and its parts are called, and where they lead. Pure. */
import type { CauseKind, Remediation, RemediationState, Rung, SignalKind, Try } from '#contract/healing.ts'
import type { Health } from '../components/health.tsx'
import { paths } from '../paths.ts'

/** Now, and once it is over. */
const signalVerbs: Record<SignalKind, readonly [string, string]> = {
  down: ['is down', 'was down'],
  degraded: ['is degraded', 'was degraded'],
  'crash-loop': ['crashes in a loop', 'crashed in a loop'],
  slow: ['is slow', 'was slow'],
  alerting: ['has an alert', 'had an alert'],
  flapping: ['flaps', 'flapped'],
  failing: ['answers with errors', 'answered with errors'],
  outlier: ['has a bad instance', 'had a bad instance'],
  'disk-filling': ['is running out of disk', 'was running out of disk'],
  'machine-lost': ['is lost', 'was lost'],
}

/** Of several. */
export const pluralVerbs: Record<SignalKind, readonly [string, string]> = {
  down: ['are down', 'were down'],
  degraded: ['are degraded', 'were degraded'],
  'crash-loop': ['crash in a loop', 'crashed in a loop'],
  slow: ['are slow', 'were slow'],
  alerting: ['have an alert', 'had an alert'],
  flapping: ['flap', 'flapped'],
  failing: ['answer with errors', 'answered with errors'],
  outlier: ['have a bad instance', 'had a bad instance'],
  'disk-filling': ['are running out of disk', 'were running out of disk'],
  'machine-lost': ['are lost', 'were lost'],
}

export const causeWords: Record<CauseKind, string> = { dependency: 'what it needs is sick', machine: 'its machine', change: 'a change', memory: 'memory', unknown: 'not known' }

export const stateWords: Record<RemediationState, string> = {
  waiting: 'waits',
  suggested: 'waits for approval',
  verifying: 'being verified',
  verified: 'healed',
  recovered: 'went by itself',
  'handed-over': 'handed to a person',
  dismissed: 'taken by a person',
}

export const stateHealth: Record<RemediationState, Health> = { waiting: 'empty', suggested: 'degraded', verifying: 'working', verified: 'healthy', recovered: 'healthy', 'handed-over': 'down', dismissed: 'stopped' }

export const outcomeWords: Record<Try['outcome'], string> = { verifying: 'being verified', verified: 'it helped', failed: 'it did not help', 'nothing-to-verify': 'nothing to verify' }
export const outcomeHealth: Record<Try['outcome'], Health> = { verifying: 'working', verified: 'healthy', failed: 'down', 'nothing-to-verify': 'stopped' }

/** What each rung does, as a command to healing, and what it touches and leaves alone. */
export const rungWords: Record<Rung, { does: string; touches: string; leaves: string }> = {
  wait: { does: 'Wait', touches: 'nothing: what it needs is healed first', leaves: 'everything that runs' },
  restart: { does: 'Restart', touches: 'its sick instances are restarted, one after the other', leaves: 'release, config, volumes and healthy instances' },
  recreate: { does: 'Recreate', touches: 'its sick instances are stopped and made anew', leaves: 'release, config, volumes and healthy instances' },
  move: { does: 'Move', touches: 'its instances are started on another machine, then stopped on this one', leaves: 'release, config, and volumes, which stay where they are' },
  prune: { does: 'Prune', touches: 'old builds, images and logs on this machine are removed', leaves: 'volumes, databases and what runs' },
  revert: { does: 'Revert', touches: 'the suspected change is taken back, as a new release', leaves: 'volumes and databases: a migration that has run is not undone' },
  page: { does: 'Tell a person', touches: 'an alert is raised', leaves: 'everything that runs' },
}

export type Target = Pick<Remediation, 'target' | 'app' | 'environment' | 'service' | 'machine'>

/** `shop/web`, or a machine by its name, or a check of no app, which what is said of it names; the environment when it is not production; where it is looked at. */
export function placeOf({ target, app, environment, service, machine }: Target): { name: string; environment: string | null; href: string; isMachine: boolean } {
  if (app === null && target.startsWith('check:')) return { name: 'check', environment: null, href: paths.check(target.slice('check:'.length)), isMachine: false }
  if (app === null) return { name: machine ?? target.replace(/^machine:/, ''), environment: null, href: paths.machines(), isMachine: true }
  return { name: service === null ? app : `${app}/${service}`, environment: environment === null || environment === 'production' ? null : environment, href: paths.app(app, environment ?? undefined), isMachine: false }
}

/** `shop/web is down`; `was` once it has ended. */
export function titleOf(one: Target & Pick<Remediation, 'signal' | 'endedAt'>): string {
  return `${placeOf(one).name} ${signalVerbs[one.signal.kind][one.endedAt === null ? 0 : 1]}`
}

/** What is being done now, or waited for: a few words, then the reason in the server's own sentence. */
export function nowOf({ state, next, because }: Pick<Remediation, 'state' | 'next' | 'because'>): { word: string; because: string } {
  const rung = next === null ? null : rungWords[next].does
  if (state === 'suggested') return { word: rung === null ? 'Waits for approval' : `${rung}, if approved`, because }
  if (state === 'verifying') return { word: 'Watches whether it helped', because }
  if (state === 'waiting') return { word: 'Waits', because: rung === null || next === 'wait' ? because : `${because} (next: ${rung.toLowerCase()})` }
  return { word: capital(stateWords[state]), because }
}

export const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

const urgency: Record<RemediationState, number> = { suggested: 0, 'handed-over': 1, verifying: 2, waiting: 3, verified: 4, recovered: 4, dismissed: 4 }

/** What waits for a person first, then the newest. */
export const inOrder = (list: readonly Remediation[]): Remediation[] => list.toSorted((a, b) => urgency[a.state] - urgency[b.state] || b.openedAt.localeCompare(a.openedAt))
