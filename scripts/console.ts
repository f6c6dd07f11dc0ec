/** `npm run build:console` */
import { buildConsole } from './console-build.ts'

const startedAt = performance.now()
const built = await buildConsole()
process.stdout.write(built ? `console built in ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n` : 'the console is up to date\n')
