/**
 * Series whose app was destroyed: what they counted stays in the store for as long as a window reaches back, and is nobody's any more. An app
 * that Nightshift never ran is not gone; its series come from elsewhere. Pure.
 */
import type { Labels } from './model.ts'

/** `destroyed`: names of apps that were, whether or not there is one of that name again. `there`: the environments of each app now. */
export type Places = { destroyed: ReadonlySet<string>; there: ReadonlyMap<string, ReadonlySet<string>> }

/** Null: it may be judged. */
export function whyGone({ app, environment }: Labels, { destroyed, there }: Places): string | null {
  if (app === undefined || !destroyed.has(app)) return null
  const now = there.get(app)
  if (now === undefined) return `${app} was destroyed`
  return environment === undefined || now.has(environment) ? null : `${app} was destroyed, and made again without ${environment}`
}
