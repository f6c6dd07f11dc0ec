/** Loads everything that a process of Nightshift loads, so that Node's compile cache holds it (see NODE_COMPILE_CACHE in bootstrap.js). */
import { flushCompileCache } from 'node:module'

await Promise.allSettled([
  import('#app.ts'),
  import('#data-plane/agent/run.ts'),
  import('#data-plane/proxy/run.ts'),
  import('#up/commands.ts'),
  import('#up/up.ts'),
  import('#up/down.ts'),
  import('#up/status.ts'),
  import('#up/task-driver.ts'),
  import('#cli/main.ts'),
  import('#cli/commands/deploy.ts'),
])
process.argv.splice(2, Infinity, 'up', '--help')
await import('#main.ts')
flushCompileCache()
process.exit(0)
