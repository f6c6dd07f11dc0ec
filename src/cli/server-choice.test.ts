import assert from 'node:assert/strict'
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { loginFile, readLogin, removeLogin, saveLogin } from './saved-login.ts'
import { apiUrl, chooseServer } from './server-choice.ts'
import { removeFolder, temporaryFolder } from './test/harness.ts'

const noFlags = { url: undefined, token: undefined, home: undefined }

describe('which Nightshift a command speaks to', () => {
  let folder = ''
  let home = ''
  before(async () => {
    folder = await temporaryFolder()
    home = join(folder, 'data')
    await mkdir(join(home, 'keys'), { recursive: true })
    await writeFile(join(home, 'config.json'), JSON.stringify({ apiPort: 7123 }))
    await writeFile(join(home, 'keys', 'admin.token'), 'nst_admin\n')
  })
  after(() => removeFolder(folder))

  test('--url and --token go before everything else', async () => {
    const choice = await chooseServer({ url: 'https://a.example/', token: 'one', home }, { NIGHTSHIFT_URL: 'http://b', NIGHTSHIFT_TOKEN: 'two' })
    assert.deepEqual(choice, { url: 'https://a.example', token: 'one', from: '--url' })
  })

  test('--home reads the port and the admin token of a data folder', async () => {
    const choice = await chooseServer({ ...noFlags, home }, { NIGHTSHIFT_URL: 'http://b', NIGHTSHIFT_TOKEN: 'two' })
    assert.deepEqual(choice, { url: 'http://127.0.0.1:7123', token: 'nst_admin', from: '--home' })
  })

  test('the environment goes before a data folder in the environment, and that before a saved login', async () => {
    const env = { HOME: folder, NIGHTSHIFT_HOME: home }
    await saveLogin(env, { url: 'https://saved.example', token: 'saved' })
    assert.equal((await chooseServer(noFlags, { ...env, NIGHTSHIFT_URL: 'http://b:1', NIGHTSHIFT_TOKEN: 'two' })).from, 'NIGHTSHIFT_URL')
    assert.equal((await chooseServer(noFlags, env)).from, 'NIGHTSHIFT_HOME')
    assert.deepEqual(await chooseServer(noFlags, { HOME: folder }), { url: 'https://saved.example', token: 'saved', from: 'the saved login' })
  })

  test('a saved token is sent to the address it was saved for, and to no other', async () => {
    const env = { HOME: folder }
    await saveLogin(env, { url: 'https://saved.example', token: 'saved' })
    assert.equal((await chooseServer({ ...noFlags, url: 'https://saved.example/' }, env)).token, 'saved')
    assert.equal((await chooseServer({ ...noFlags, url: 'https://evil.example' }, env)).token, undefined)
  })

  test('without any, the error names every way', async () => {
    await assert.rejects(chooseServer(noFlags, { HOME: '/nonexistent' }), (error: Error) => {
      for (const way of ['nightshift login', 'NIGHTSHIFT_URL', 'NIGHTSHIFT_TOKEN', '--url', '--token', '--home', 'NIGHTSHIFT_HOME', 'nightshift up']) assert.ok(error.message.includes(way), way)
      return true
    })
  })

  test('a folder without a Nightshift, and an address that is none, are named', async () => {
    await assert.rejects(chooseServer({ ...noFlags, home: folder }, {}), /there is no Nightshift in .*nightshift up --home/)
    await assert.rejects(chooseServer({ ...noFlags, url: 'shop.example.com:7070' }, {}), /is not the address of an API/)
    assert.throws(() => apiUrl('file:///etc/passwd'), /is not the address/)
  })

  test('a config file without a port is refused by name', async () => {
    const broken = join(folder, 'broken')
    await mkdir(broken)
    await writeFile(join(broken, 'config.json'), '{}')
    await assert.rejects(chooseServer({ ...noFlags, home: broken }, {}), /broken\/config\.json names no apiPort/)
  })

  test('a data folder whose token cannot be read says who may', async () => {
    const keyless = join(folder, 'keyless')
    await mkdir(keyless)
    await writeFile(join(keyless, 'config.json'), '{"apiPort": 1}')
    await assert.rejects(chooseServer({ ...noFlags, home: keyless }, {}), /cannot read the admin token.*nightshift login/)
  })
})

describe('the saved login', () => {
  let folder = ''
  before(async () => {
    folder = await temporaryFolder()
  })
  after(() => removeFolder(folder))

  test('is readable by its owner only, also where the file was there before', async () => {
    const env = { HOME: folder }
    const file = loginFile(env)
    await mkdir(join(folder, '.config', 'nightshift'), { recursive: true })
    await writeFile(file, '{}', { mode: 0o644 })
    await saveLogin(env, { url: 'https://a', token: 't' })
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    assert.deepEqual(await readLogin(env), { url: 'https://a', token: 't' })
  })

  test('is gone after a logout', async () => {
    const env = { HOME: folder }
    assert.equal(await removeLogin(env), true)
    assert.equal(await removeLogin(env), false)
    assert.equal(await readLogin(env), undefined)
  })

  test('honours XDG_CONFIG_HOME', () => {
    assert.equal(loginFile({ HOME: '/h', XDG_CONFIG_HOME: '/x' }), '/x/nightshift/config.json')
    assert.equal(loginFile({ HOME: '/h' }), '/h/.config/nightshift/config.json')
  })
})
