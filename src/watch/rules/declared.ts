/** Rules that stand in manifests: those of the releases that serve. They change by a deploy and go with it. Pure. */
import { messageOf } from '#base/errors.ts'
import { declaredRule } from '#contract/manifest-rules.ts'
import type { Manifest } from '#contract/manifest.ts'
import type { Refused } from '#watch/alerts/refused.ts'
import type { RuleDefinition } from './model.ts'
import { assertSound } from './sound.ts'

type Serving = { app: string; environment: string; manifest: Manifest }

/** `refused`: what this version cannot read any more, of a release that an earlier one took. */
export function manifestRules(releases: readonly Serving[]): { rules: Omit<RuleDefinition, 'mode' | 'offUntil'>[]; refused: Refused[] } {
  const rules: Omit<RuleDefinition, 'mode' | 'offUntil'>[] = []
  const refused: Refused[] = []
  for (const { app, environment, manifest } of releases) {
    for (const rule of manifest.rules ?? []) {
      const declared = declaredRule(rule, { app, environment })
      const because = 'faults' in declared ? declared.faults.map(({ message }) => message).join('; ') : faultOf(() => assertSound(declared.spec))
      if ('spec' in declared && because === null) rules.push({ id: idOf(app, environment, rule.name), origin: 'manifest', spec: declared.spec })
      else refused.push({ app, environment, name: rule.name, because: because ?? '' })
    }
  }
  return { rules, refused }
}

const idOf = (app: string, environment: string, name: string) => [app, ...(environment === 'production' ? [] : [environment]), name].join('.')

function faultOf(check: () => void): string | null {
  try {
    check()
    return null
  } catch (error) {
    return messageOf(error)
  }
}
