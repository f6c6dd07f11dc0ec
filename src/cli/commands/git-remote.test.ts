import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { type TestApi, startTestApi } from '../test/api.ts'
import { type Called, call, removeFolder, temporaryFolder } from '../test/harness.ts'
import { anApp } from '../test/samples.ts'

let api: TestApi
let folder = ''
before(async () => {
  api = await startTestApi()
  api.handlers['apps.read'] = () => anApp({ gitUrl: `${api.url}/git/shop.git` })
  folder = await temporaryFolder()
})
after(async () => {
  await api[Symbol.asyncDispose]()
  await removeFolder(folder)
})

const git = async (...args: string[]): Promise<string> => (await promisify(execFile)('git', args, { cwd: folder })).stdout.trim()
const remote = (...argv: string[]): Promise<Called> => call(['git-remote', '-a', 'shop', ...argv], { env: api.env, cwd: folder })

/** What git's own credential machinery finds for an address. */
function credentialFor(url: string): Promise<string> {
  const child = spawn('git', ['credential', 'fill'], { cwd: folder, env: { PATH: process.env['PATH'], HOME: folder, GIT_TERMINAL_PROMPT: '0', NIGHTSHIFT_TOKEN: api.token }, stdio: ['pipe', 'pipe', 'ignore'] })
  let out = ''
  child.stdout.on('data', (chunk) => (out += String(chunk)))
  child.stdin.end(`url=${url}\n\n`)
  return new Promise((resolve) => child.on('close', () => resolve(out)))
}

describe('git-remote', () => {
  test('outside a repository says how to make one', async () => {
    const { code, stderr } = await remote()
    assert.equal(code, 1)
    assert.match(stderr, /this folder is no git repository \(git init makes one\)/)
  })

  test('adds the remote, says how to push, and writes no token anywhere', async () => {
    await git('init', '-q', '-b', 'topic')
    const { code, stdout, stderr } = await remote()
    assert.equal(code, 0, stderr)
    assert.match(stdout, /Deploy: git push nightshift HEAD:main\n$/)
    assert.equal(await git('remote', 'get-url', 'nightshift'), `${api.url}/git/shop.git`)
    assert.doesNotMatch(await git('config', '--local', '--list'), new RegExp(api.token))
  })

  test('again only points it anew; another name makes another; hostile names are refused', async () => {
    await remote()
    assert.match((await remote('--name', 'staging')).stdout, /^staging is added/)
    assert.deepEqual((await git('remote')).split('\n'), ['nightshift', 'staging'])
    const helpers = (await git('config', '--local', '--list')).split('\n').filter((line) => line.startsWith('credential.'))
    assert.equal(helpers.length, 2)
    assert.equal((await remote('--name=--upload-pack=x')).code, 1)
    assert.equal((await remote()).stderr.includes('until now'), false)
    await git('remote', 'set-url', 'nightshift', 'http://elsewhere/git/notes.git')
    assert.match((await remote()).stderr, /it pointed to http:\/\/elsewhere\/git\/notes\.git until now \(put it back: git remote set-url nightshift http/)
  })

  test('lets git find the credential for this server, and for no other', async () => {
    assert.match(await credentialFor(`${api.url}/git/shop.git`), new RegExp(`^username=token\\npassword=${api.token}$`, 'm'))
    assert.doesNotMatch(await credentialFor('http://127.0.0.1:1/git/shop.git'), /password/)
  })

  test('--print prints the address alone', async () => {
    assert.equal((await remote('--print')).stdout, `${api.url}/git/shop.git\n`)
  })
})
