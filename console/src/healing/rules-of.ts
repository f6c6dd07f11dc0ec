import type { RemediationState } from '#contract/healing.ts'
import type { Rule } from '#contract/rules.ts'

/** What a person may do with a remediation in which state. */
export const remediationRules: Record<'approve' | 'dismiss', Rule<RemediationState>> = {
  approve: { access: 'deploy', while: ['suggested'], otherwise: 'nothing waits for approval' },
  dismiss: { access: 'deploy', while: ['suggested'], otherwise: 'nothing waits for approval' },
}

export const healingRules: Record<'stop' | 'resume', Rule<'on' | 'stopped'>> = {
  stop: { access: 'deploy', while: ['on'], otherwise: 'healing is stopped already' },
  resume: { access: 'deploy', while: ['stopped'], otherwise: 'healing is on' },
}
