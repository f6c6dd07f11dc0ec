/** Control's part of builds as a process that a test can kill: `node control.ts <database url> <home>`. Prints `ready`. */
import { dirname, join } from 'node:path'
import { pino } from 'pino'
import { createProcessDriver } from '#drivers/task/process/driver.ts'
import { openDatabase } from '#kernel/db/db.ts'
import { openBuilds } from '../service.ts'

const [url, home] = process.argv.slice(2) as [string, string]
const driver = createProcessDriver({ dir: join(home, 'builds', 'tasks'), path: [dirname(process.execPath)] })
openBuilds({ db: openDatabase(url, { max: 3 }), home, driver, logger: pino({ level: 'silent' }), onBuilt: async () => ({ release: 7 }) }).start()
console.log('ready')
