/** `npm run check`: types, lint and the import direction; seconds, and no test that starts anything. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { runChecks } from './checks.ts'

const results = await runChecks()
const layers = join(import.meta.dirname, '..', 'src', 'test', 'layers.test.ts')
const { status, stdout } = spawnSync(process.execPath, ['--test', '--test-reporter=dot', layers], { encoding: 'utf8' })
results.push({ name: 'import direction', ok: status === 0, output: stdout.trim(), ms: 0 })
for (const { name, ok, output } of results) process.stdout.write(ok ? `✓ ${name}\n` : `✗ ${name}\n${output}\n`)
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1
