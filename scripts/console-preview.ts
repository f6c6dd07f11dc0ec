/**
 * Serves the built console over a believable, moving world, to look at it while working on it:
 * `node scripts/console-preview.ts [--port 7171] [--scene night|quiet|fresh|stopped|breaker|some|many]`. Nothing of Nightshift runs behind it.
 */
import { parseArgs } from 'node:util'
import { type SceneName, scenes } from './preview/scene.ts'
import { startPreview } from './preview/server.ts'

const { values } = parseArgs({ options: { port: { type: 'string', default: '7171' }, scene: { type: 'string', default: 'night' } } })
const scene = scenes.find((name) => name === values.scene) as SceneName | undefined
if (!scene) throw new Error(`there is no scene "${values.scene}" (one of ${scenes.join(', ')})`)
const preview = await startPreview({ port: Number(values.port), scene })
process.stdout.write(`console preview (${scene}): ${preview.loginUrl}\n`)
