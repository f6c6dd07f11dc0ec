/** Control's part of git and builds as a process that a test can kill: `node control.ts <database url> <home>`. Prints its port. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { pino } from 'pino'
import { createProcessDriver } from '#drivers/task/process/driver.ts'
import { openDatabase } from '#kernel/db/db.ts'
import { openBuilds } from '#run/builds/service.ts'
import { createGitHandler } from '../handler.ts'

const [url, home] = process.argv.slice(2) as [string, string]
const logger = pino({ level: 'silent' })
const driver = createProcessDriver({ dir: join(home, 'builds', 'tasks'), path: [dirname(process.execPath)] })
const builds = openBuilds({ db: openDatabase(url, { max: 3 }), home, driver, logger, onBuilt: async () => ({ release: 7 }) })
builds.start()
const handler = createGitHandler({
  home, log: logger, builds, signal: new AbortController().signal,
  authorize: async () => ({ kind: 'token', name: 'pusher' }),
  appSince: async () => new Date(0),
  ensureApp: async () => {},
  getSettings: async () => ({ deployBranch: 'main', allowForcePush: false }),
  async *followRollout() {},
  onPush: async () => {},
})
await handler.open()
const server = createServer((request, response) => void handler.handle(request, response)).listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
