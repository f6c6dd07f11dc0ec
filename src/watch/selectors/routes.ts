import type { Selection } from '#contract/selecting.ts'
import type { Database } from '#kernel/db/db.ts'
import type { Handlers } from '#kernel/handlers.ts'
import type { Choose } from '#run/apps/model.ts'
import type { Reach } from '#run/apps/read.ts'
import { readWorld } from './read.ts'
import { selectionOf } from './select.ts'

export function openSelectors(db: Database, reach: Reach): { choose: Choose; handlers: Handlers } {
  const select = async (query: string, apps: readonly string[] | null): Promise<Selection> => selectionOf(query, await readWorld(db, reach, apps))
  return {
    async choose(query, apps) {
      const chosen = await select(query, apps)
      return { machines: new Set(chosen.machines.map(({ name }) => name)), apps: new Set(chosen.apps.map(({ app, environment }) => `${app}/${environment}`)) }
    },
    handlers: { 'selectors.match': ({ query }, { caller }) => select(query.query, caller.apps) },
  }
}
