/** How an alert reads: its title, how grave it is, and the way out. Pure. */
import type { SignalKind } from '#contract/healing.ts'
import { type Target, targetName } from '#heal/signals/model.ts'

const words: Record<SignalKind, string> = {
  'down': 'is down', 'degraded': 'lacks instances', 'crash-loop': 'does not stay up', 'flapping': 'falls again and again', 'failing': 'answers with errors', 'slow': 'answers far later than usual', 'alerting': 'is told of by a check or a rule',
  'outlier': 'has an instance that fails', 'disk-filling': 'runs out of disk', 'machine-lost': 'is away',
}
const critical: ReadonlySet<SignalKind> = new Set(['down', 'failing', 'disk-filling', 'machine-lost'])

export function alertOf(target: Target, kind: SignalKind): { severity: 'critical' | 'warning'; title: string; wayOut: string } {
  return { severity: critical.has(kind) ? 'critical' : 'warning', title: `${targetName(target)} ${words[kind]}`, wayOut: wayOut(target, kind) }
}

/** Too much is sick at once: a matter of no single service. */
export const fleetAlert = { severity: 'critical', title: 'half of what runs is sick at once', wayOut: 'look at what they share: the machine, its disk and network, an outside service (nightshift alerts, nightshift machines)' } as const

function wayOut(target: Target, kind: SignalKind): string {
  if (kind === 'disk-filling') return `free space on ${target.machine}, or give it a larger disk`
  if (kind === 'machine-lost') return `start its agent again: nightshift up (on ${target.machine})`
  const environment = target.environment === 'production' ? '' : ` -e ${target.environment}`
  return `nightshift why ${target.app}/${target.service}${environment}`
}
