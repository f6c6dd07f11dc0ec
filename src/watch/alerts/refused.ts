/** What a manifest declares, or people made, and this version cannot read: an alert each, until it can be read or is gone. */
import type { Actor } from '#contract/model.ts'
import type { Database } from '#kernel/db/db.ts'
import { clearAlertOf, raiseAlert } from './commands.ts'
import { openAlerts } from './read.ts'

/** `app` null: it stands in no manifest. */
export type Refused = { app: string | null; environment: string | null; name: string; because: string }

/** Idempotent. `what`: check or rule. What was done, in sentences. */
export async function tellRefused(db: Database, what: 'check' | 'rule', refused: readonly Refused[], actor: Actor, now: Date): Promise<string[]> {
  const prefix = `${what}:declared:`
  const wanted = new Map(refused.map((one) => [`${prefix}${one.app ?? ''}/${one.environment ?? ''}/${one.name}`, one]))
  const open = new Set((await openAlerts(db)).map(({ target }) => target).filter((target) => target.startsWith(prefix)))
  const [fresh, over] = [[...wanted].filter(([target]) => !open.has(target)), [...open].filter((target) => !wanted.has(target))]
  if (fresh.length + over.length === 0) return []
  await db.transaction(async (tx) => {
    for (const [target, { app, environment, name, because }] of fresh) {
      await raiseAlert(tx, { target, app, environment, service: null, machine: null, severity: 'warning', title: titleOf(what, name, app), because, way_out: app === null ? `make it anew in its place, or remove it: nightshift ${what}s remove ${name}` : `correct ${what}s in nightshift.yml, and deploy`, remediation: null }, actor, now)
    }
    for (const target of over) await clearAlertOf(tx, target, 'it can be read, or is gone', actor, now)
  })
  return [...fresh.map(([, { app, name }]) => titleOf(what, name, app)), ...over.map((target) => `${target} is over`)]
}

const titleOf = (what: string, name: string, app: string | null) => `The ${what} ${name}${app === null ? '' : ` in the manifest of ${app}`} cannot be read`
