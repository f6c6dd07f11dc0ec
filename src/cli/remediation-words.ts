/** How a remediation reads on a terminal. */
import type { Remediation } from '#contract/healing.ts'
import { formatDuration } from '#base/units.ts'
import { type Output, type Style, harmless } from './output.ts'

const styles: Readonly<Record<Remediation['state'], Style | undefined>> = { 'waiting': 'yellow', 'suggested': 'yellow', 'verifying': 'yellow', 'verified': undefined, 'recovered': undefined, 'handed-over': 'red', 'dismissed': 'dim' }

export const remediationStyle = (state: Remediation['state']): Style | undefined => styles[state]

/** `shop/web`, `shop/staging/web`, `machine m1`. */
export function targetWords({ app, environment, service, machine }: Pick<Remediation, 'app' | 'environment' | 'service' | 'machine'>): string {
  if (machine !== null) return `machine ${machine}`
  if (app === null) return 'all'
  return environment === 'production' ? `${app}/${service}` : `${app}/${environment}/${service}`
}

/** The last thing that was done, or what is waited for. */
export function lastWords(one: Remediation): string {
  return harmless(one.state === 'verifying' ? `${one.tries.at(-1)?.did ?? one.because}; watching whether it helped` : one.because)
}

/** One line a step: noticed, cause, each try with its outcome, the end. Times count from when it was noticed. */
export function storyLines(out: Output, one: Remediation): string[] {
  const began = Date.parse(one.signal.since)
  const step = (at: string, word: string, text: string, style?: Style) => `${out.paint('dim', `+${formatDuration(Math.max(0, Date.parse(at) - began))}`.padStart(14))}  ${out.paint(style, word.padEnd(12))}  ${harmless(text)}`
  const lines = [step(one.signal.since, 'noticed', `${one.signal.kind}: ${one.signal.because}`), step(one.openedAt, 'cause', `${one.cause.kind}: ${one.cause.because}`)]
  for (const each of one.tries) {
    lines.push(step(each.at, each.rung, `${each.did}${each.by === 'healing' ? '' : ` (approved by ${each.by})`}`))
    if (each.endedAt !== null) lines.push(step(each.endedAt, each.outcome, each.verdict ?? '', each.outcome === 'failed' ? 'red' : undefined))
  }
  lines.push(step(one.endedAt ?? one.tries.at(-1)?.verifyBy ?? one.openedAt, one.endedAt === null && one.state === 'verifying' ? 'verify by' : one.state, lastWords(one), remediationStyle(one.state)))
  return lines
}
