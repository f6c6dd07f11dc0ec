import assert from 'node:assert/strict'
import { readFile, readdir } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { endpoints } from '#contract/endpoints.ts'
import { cliReferencePage } from './reference.ts'
import { call } from './test/harness.ts'
import { entries } from './tree.ts'

const here = fileURLToPath(new URL('.', import.meta.url))

test('docs/cli.md is what the commands say (npm run generate)', async () => {
  assert.equal(await readFile(new URL('../../docs/cli.md', import.meta.url), 'utf8'), await cliReferencePage())
  assert.equal((await call(['cli-reference'])).stdout, await cliReferencePage())
})

describe('the table of commands', () => {
  test('and the files agree: the path of a file is the words of its command', async () => {
    const files = (await readdir(`${here}commands`, { recursive: true })).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts')).map((file) => file.replace(/\.ts$/, ''))
    const words = [...entries].flatMap(([name, entry]) => (entry.kind === 'group' ? Object.keys(entry.verbs).map((verb) => `${name}/${verb}`) : entry.kind === 'command' ? [name] : []))
    assert.deepEqual(files.toSorted(), words.toSorted())
  })

  test('reaches everything the API can do, sessions of the console aside', async () => {
    const sources = await Promise.all((await readdir(here, { recursive: true })).filter((file) => file.endsWith('.ts') && !/(^|\/)test\/|\.test\.ts$/.test(file)).map((file) => readFile(`${here}${file}`, 'utf8')))
    const text = sources.join('\n')
    const ofTheConsole = new Set(['system.health', 'login.redeem', 'login.logout'])
    assert.deepEqual(Object.keys(endpoints).filter((id) => !ofTheConsole.has(id) && !text.includes(`'${id}'`)), [])
  })
})
