/** What a manifest declares and this version cannot read: an alert each, until it can be read or is gone. */
import type { Actor } from '#contract/model.ts'
import type { Database } from '#kernel/db/db.ts'
import { clearAlertOf, raiseAlert } from './commands.ts'
import { openAlerts } from './read.ts'

export type Refused = { app: string; environment: string; name: string; because: string }

/** Idempotent. `what`: check or rule. What was done, in sentences. */
export async function tellRefused(db: Database, what: 'check' | 'rule', refused: readonly Refused[], actor: Actor, now: Date): Promise<string[]> {
  const prefix = `${what}:declared:`
  const wanted = new Map(refused.map((one) => [`${prefix}${one.app}/${one.environment}/${one.name}`, one]))
  const open = new Set((await openAlerts(db)).map(({ target }) => target).filter((target) => target.startsWith(prefix)))
  const [fresh, over] = [[...wanted].filter(([target]) => !open.has(target)), [...open].filter((target) => !wanted.has(target))]
  if (fresh.length + over.length === 0) return []
  await db.transaction(async (tx) => {
    for (const [target, { app, environment, name, because }] of fresh) {
      await raiseAlert(tx, { target, app, environment, service: null, machine: null, severity: 'warning', title: `The ${what} ${name} in the manifest of ${app} cannot be read`, because, way_out: `correct ${what}s in nightshift.yml, and deploy`, remediation: null }, actor, now)
    }
    for (const target of over) await clearAlertOf(tx, target, 'it can be read, or is gone', actor, now)
  })
  return [...fresh.map(([, { app, name }]) => `the ${what} ${name} in the manifest of ${app} cannot be read`), ...over.map((target) => `${target} is over`)]
}
