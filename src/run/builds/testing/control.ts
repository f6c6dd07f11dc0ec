/** Control's part of builds as a process that a test can kill: `node control.ts <database url> <home>`. Prints `ready`. */
import { dirname, join } from 'node:path'
import { pino } from 'pino'
import { createProcessDriver } from '#drivers/task/process/driver.ts'
import { openDatabase } from '#kernel/db/db.ts'
import { createLogWriter } from '#watch/logs/service.ts'
import { openBuilds } from '../service.ts'

const [url, home] = process.argv.slice(2) as [string, string]
const driver = createProcessDriver({ dir: join(home, 'builds', 'tasks'), path: [dirname(process.execPath)] })
const db = openDatabase(url, { max: 4 })
const writer = createLogWriter(db)
openBuilds({ db, home, driver, logger: pino({ level: 'silent' }), onBuilt: async () => ({ release: 7 }), lines: { machine: 'm1', send: (batches) => writer.ingest(batches) } }).start()
console.log('ready')
