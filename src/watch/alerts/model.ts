export type AlertRow = {
  id: string
  target: string
  app: string | null
  environment: string | null
  service: string | null
  machine: string | null
  severity: 'critical' | 'warning'
  title: string
  because: string
  way_out: string
  /** The one that was handed over, or is under way. */
  remediation: string | null
  raised_at: Date
  cleared_at: Date | null
}

/** Raised by a check or a rule of people, which clears it too: `check:…`, `rule:…`. */
export const isOthers = (target: string): boolean => target.startsWith('check:') || target.startsWith('rule:')
