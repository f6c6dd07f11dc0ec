import type { RemediationState } from '#contract/healing.ts'
import type { Rule } from '#contract/rules.ts'

/** What a person may do with a remediation in which state. */
export const remediationRules: Record<'approve' | 'dismiss', Rule<RemediationState>> = {
  approve: { access: 'deploy', while: ['suggested'], otherwise: 'nothing waits for approval' },
  dismiss: { access: 'deploy', while: ['waiting', 'suggested', 'verifying'], otherwise: 'it has ended' },
}

/** A pause of everything is an admin's to end; the server says so. */
export const pauseRules: Record<'end', Rule<'app' | 'all'>> = {
  end: { access: 'deploy', while: ['app', 'all'], otherwise: '' },
}

export const healingRules: Record<'stop' | 'resume', Rule<'on' | 'stopped'>> = {
  stop: { access: 'admin', while: ['on'], otherwise: 'healing is stopped already' },
  resume: { access: 'admin', while: ['stopped'], otherwise: 'healing is on' },
}
