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
