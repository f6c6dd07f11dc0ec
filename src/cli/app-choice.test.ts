import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { chooseApp, chooseEnvironment, folderName, linkFolder } from './app-choice.ts'
import { removeFolder, temporaryFolder } from './test/harness.ts'

describe('which app a command speaks of', () => {
  let folder = ''
  before(async () => {
    folder = await temporaryFolder()
  })
  after(() => removeFolder(folder))

  test('flag, environment, manifest, link: the first that is there', async () => {
    assert.equal(await chooseApp(undefined, {}, folder), undefined)
    await linkFolder(folder, 'linked')
    assert.deepEqual(await chooseApp(undefined, {}, folder), { app: 'linked', from: '.nightshift-app' })
    await writeFile(join(folder, 'nightshift.yml'), '# our shop\nname: named\nservices: { web: {} }\n')
    assert.deepEqual(await chooseApp(undefined, {}, folder), { app: 'named', from: 'nightshift.yml' })
    assert.deepEqual(await chooseApp(undefined, { NIGHTSHIFT_APP: 'environment' }, folder), { app: 'environment', from: 'NIGHTSHIFT_APP' })
    assert.deepEqual(await chooseApp('flag', { NIGHTSHIFT_APP: 'environment' }, folder), { app: 'flag', from: '--app' })
  })

  test('a manifest without a name, or one that is broken, leaves it to the link', async () => {
    for (const text of ['services: { web: {} }\n', 'name: [\n', 'name: 7\n']) {
      await writeFile(join(folder, 'nightshift.yml'), text)
      assert.equal((await chooseApp(undefined, {}, folder))?.app, 'linked')
    }
  })

  test('a manifest in JSON names it too', async () => {
    await writeFile(join(folder, 'nightshift.yml'), '{"name": "json"}')
    assert.equal((await chooseApp(undefined, {}, folder))?.app, 'json')
  })

  test('a folder name becomes a fit name, or none', () => {
    assert.equal(folderName('/srv/My Shop_2'), 'my-shop-2')
    assert.equal(folderName('/srv/2024-report!'), 'report')
    assert.equal(folderName(`/srv/${'a'.repeat(60)}`), 'a'.repeat(40))
    assert.equal(folderName('/'), undefined)
    assert.equal(folderName('/srv/123'), undefined)
  })

  test('the environment is production unless something else is said', () => {
    assert.equal(chooseEnvironment(undefined, {}), 'production')
    assert.equal(chooseEnvironment(undefined, { NIGHTSHIFT_ENVIRONMENT: 'staging' }), 'staging')
    assert.equal(chooseEnvironment('preview', { NIGHTSHIFT_ENVIRONMENT: 'staging' }), 'preview')
  })
})
