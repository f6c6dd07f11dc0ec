/** Tells each vantage point what it is to check, where that changed: control's runner at once, agents over their connection. */
import type { CheckRunner } from '#drivers/check/port.ts'
import type { Database } from '#kernel/db/db.ts'
import { type CheckRowIn, controlVantage, type Machines } from './model.ts'
import { type SpecDeps, specsByVantage } from './specs.ts'

/** Says whom it told. Idempotent: an agent hears the same again only over a new connection. */
export type Assign = (rows: readonly CheckRowIn[]) => Promise<string[]>

export function createAssign({ db, runner, machines, specDeps }: { db: Database; runner: Pick<CheckRunner, 'set'>; machines: Machines; specDeps: SpecDeps }): Assign {
  /** What was told over each connection. */
  const told = new WeakMap<object, string>()
  return async (rows) => {
    const said: string[] = []
    for (const [vantage, specs] of await specsByVantage(db, rows, specDeps)) {
      if (vantage === controlVantage) {
        runner.set(specs)
        continue
      }
      const connection = machines.connection(vantage)
      const text = JSON.stringify(specs)
      if (connection === undefined || told.get(connection) === text) continue
      if (machines.send(vantage, { t: 'checks', checks: specs })) {
        told.set(connection, text)
        said.push(`told agent ${vantage} to check ${specs.length}`)
      }
    }
    return said
  }
}
