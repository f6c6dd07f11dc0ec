/** Starts the worker with what was compiled for an earlier build of the same app: half of a small build's time is this start. */
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

enableCompileCache(join(process.env['NIGHTSHIFT_VOLUME_CACHE'] ?? '.', 'compiled'))
await import('./worker.ts')
