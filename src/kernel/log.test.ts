import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, symlink } from 'node:fs/promises'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { tempHome } from '#test/harness/home.ts'

const log = new URL('./log.ts', import.meta.url).href

test('a full disk does not end the process that writes its log', { skip: existsSync('/dev/full') ? false : 'this system has no /dev/full' }, async () => {
  await using folder = await tempHome()
  await mkdir(join(folder.home, 'log'))
  await symlink('/dev/full', join(folder.home, 'log', 'thing.log'))
  const program = `import { createLogger } from ${JSON.stringify(log)}
const log = createLogger({ process: 'thing', home: ${JSON.stringify(folder.home)}, level: 'info' })
for (let i = 0; i < 20_000; i++) log.info({ i, text: 'x'.repeat(200) }, 'a line')
setTimeout(() => console.log(process.memoryUsage().rss < 300e6), 50)
`
  const result = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  assert.equal(result.stderr, '')
  assert.equal(result.stdout, 'true\n')
})
