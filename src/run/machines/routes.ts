import type { Db } from '#kernel/db/db.ts'
import type { Handlers } from '#kernel/handlers.ts'
import { readMachines } from './read.ts'

export function machineRoutes(db: Db): Handlers {
  return { 'machines.list': () => readMachines(db) }
}
