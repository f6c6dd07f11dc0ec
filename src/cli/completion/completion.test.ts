import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { type TestApi, startTestApi } from '../test/api.ts'
import { call, mainFile, removeFolder, temporaryFolder } from '../test/harness.ts'
import { aService, aSummary, anApp, anInstance } from '../test/samples.ts'

const exec = promisify(execFile)

let api: TestApi
let folder = ''
before(async () => {
  api = await startTestApi({
    'apps.list': () => [aSummary(), aSummary({ name: 'blog' })],
    'apps.read': () => anApp({ services: [aService(), aService({ name: 'worker', instances: [anInstance({ id: 'ins_2', name: 'worker.1', service: 'worker' })] })] }),
  })
  folder = await temporaryFolder()
})
after(async () => {
  await api[Symbol.asyncDispose]()
  await removeFolder(folder)
})

async function proposed(...words: string[]): Promise<string[]> {
  const { stdout, stderr, code } = await call(['complete', '--', ...words], { env: api.env })
  assert.deepEqual([code, stderr], [0, ''])
  return stdout.split('\n').filter(Boolean).map((line) => line.split('\t')[0] as string)
}

describe('completion', () => {
  test('of the first word: commands, and no internal one', async () => {
    assert.deepEqual(await proposed('re'), ['releases', 'restart', 'resources'])
    const all = await proposed('')
    assert.ok(all.includes('deploy') && all.includes('up') && !all.includes('complete'))
  })

  test('of a noun: its verbs', async () => {
    assert.deepEqual(await proposed('tokens', ''), ['list', 'create', 'revoke'])
    assert.deepEqual(await proposed('apps', 'cr'), ['create'])
  })

  test('of flags: once a - is typed, those of the command and not those given already', async () => {
    const flags = await proposed('logs', '--')
    assert.ok(flags.includes('--follow') && flags.includes('--app') && flags.includes('--json'))
    assert.deepEqual(await proposed('logs', '--le'), ['--level'])
    assert.deepEqual(await proposed('logs', '--level', 'warn', '--le'), [])
  })

  test('of values: apps, services, instances and words that are known', async () => {
    assert.deepEqual(await proposed('ps', '--app', ''), ['shop', 'blog'])
    assert.deepEqual(await proposed('ps', '-a', 'b'), ['blog'])
    assert.deepEqual(await proposed('logs', '-a', 'shop', '-s', ''), ['web', 'worker'])
    assert.deepEqual(await proposed('logs', '-a', 'shop', '-i', 'w'), ['web.1', 'worker.1'])
    assert.deepEqual(await proposed('restart', '-a', 'shop', 'wo'), ['worker', 'worker.1'])
    assert.deepEqual(await proposed('scale', '-a', 'shop', 'web=1', ''), ['web=', 'worker='])
    assert.deepEqual(await proposed('-a', 'shop', 'exec', 'web'), ['web', 'web.1'])
    assert.deepEqual(await proposed('logs', '--level', ''), ['debug', 'info', 'warn', 'error'])
    assert.deepEqual(await proposed('completion', ''), ['bash', 'zsh', 'fish'])
  })

  test('without a server, or of nonsense, is silent', async () => {
    for (const words of [['ps', '-a', ''], ['nonsense', ''], ['apps', 'nonsense', ''], ['logs', '--nonsense', '']]) {
      const { stdout, stderr, code } = await call(['complete', '--', ...words], { env: { NIGHTSHIFT_URL: 'http://127.0.0.1:1', NIGHTSHIFT_TOKEN: 'x' } })
      assert.deepEqual([code, stdout, stderr], [0, '', ''], words.join(' '))
    }
  })
})

describe('the script for bash', () => {
  async function completed(...words: string[]): Promise<string[]> {
    const { stdout: script } = await call(['completion', 'bash'])
    const wrapper = join(folder, 'nightshift')
    await writeFile(wrapper, `#!/bin/sh\nexec "${process.execPath}" "${mainFile}" "$@"\n`)
    await chmod(wrapper, 0o755)
    await writeFile(join(folder, 'try.sh'), `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }; _nightshift; printf '%s\\n' "\${COMPREPLY[@]}"\n`)
    const { stdout } = await exec('bash', [join(folder, 'try.sh'), 'nightshift', ...words], { env: { ...api.env, PATH: `${folder}:${process.env['PATH']}`, HOME: '/nonexistent' } })
    return stdout.split('\n').filter(Boolean)
  }

  test('completes commands, and values of the server', async () => {
    assert.deepEqual(await completed('rollb'), ['rollback'])
    assert.deepEqual(await completed('ps', '-a', 's'), ['shop'])
  })

  test('completes behind = although bash splits words there', async () => {
    assert.deepEqual(await completed('scale', '-a', 'shop', 'web', '=', '2', 'wor'), ['worker='])
  })
})

test('the scripts for the other shells are accepted by them, where they are installed', async (t) => {
  for (const [shell, args] of [['bash', ['-n']], ['zsh', ['-n']], ['fish', ['--no-execute']]] as const) {
    const file = join(folder, `script.${shell}`)
    await writeFile(file, (await call(['completion', shell])).stdout)
    try {
      await exec(shell, [...args, file])
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      t.diagnostic(`${shell} is not installed: its script was not parsed`)
    }
  }
})
