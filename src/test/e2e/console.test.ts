/** What a person does in the console, where the world is made up so that every state can be reached. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { until } from '#test/harness/wait.ts'
import { assertNone, goWithKeys, phone, skipWithoutChromium, tabTo } from './browser.ts'
import { openSite } from './site.ts'
import { bootPreview } from './target.ts'

describe('the console', { skip: skipWithoutChromium }, () => {
  const site = openSite(bootPreview)

  test('a stranger is asked to sign in, and then gets the page that was asked for', async () => {
    await using visitor = await site.stranger()
    const { page } = visitor
    await page.goto(`${site.url}/apps/shop/releases?env=staging`)
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await page.getByText('nightshift login-link').waitFor()
    await page.getByLabel(/paste a login link/).fill('bad code')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').getByText(/unknown, used or older/).waitFor()
    await page.getByLabel(/paste a login link/).fill(`${site.url}/login?code=anything`)
    await page.keyboard.press('Enter')
    await page.waitForURL(`${site.url}/apps/shop/releases?env=staging`)
  })

  test('an address of another site is never gone to after signing in', async () => {
    for (const next of ['//example.com/', 'https://example.com/', '/\\example.com']) {
      await using visitor = await site.stranger()
      await visitor.page.goto(`${site.url}/login?code=x&next=${encodeURIComponent(next)}`)
      await visitor.page.waitForURL(`${site.url}/`)
    }
  })

  test('a release is rolled back with the keyboard alone', async () => {
    await using visitor = await site.signedIn()
    const { page, errors } = visitor
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').waitFor()
    await page.keyboard.type('shop production releases')
    await page.getByRole('option', { name: /shop.*releases/ }).first().waitFor()
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/apps\/shop\/releases/)
    await page.getByText('v15').first().waitFor()
    await tabTo(page, /^Roll back to v15$/)
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Roll shop back to v15?' })
    await dialog.getByText('volumes and databases: a migration that has run is not undone').waitFor()
    await dialog.getByText('FEATURE_GIFTS unset (was on)').waitFor()
    await tabTo(page, /^Roll back to v15$/)
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('listitem').filter({ hasText: 'v18' }).getByText('serves', { exact: true }).waitFor()
    assertNone(errors)
  })

  test('the way to deploy is found and copied with the keyboard alone', async () => {
    await using visitor = await site.signedIn({ permissions: ['clipboard-read', 'clipboard-write'] })
    const { page } = visitor
    await goWithKeys(page, 'd', /\/deploy$/)
    await page.getByRole('heading', { level: 1, name: 'Deploy' }).waitFor()
    await page.getByText('nightshift deploy --app shop').waitFor()
    await tabTo(page, /^Copy command$/)
    await page.keyboard.press('Enter')
    await until(async () => (await page.evaluate<string>('navigator.clipboard.readText()')) === 'nightshift deploy --app shop', { because: 'the command is in the clipboard' })
  })

  test('a failed build shows its last lines and the way out', async () => {
    await using visitor = await site.signedIn()
    const { page } = visitor
    await page.goto(`${site.url}/deploy`)
    await page.getByRole('listitem').filter({ hasText: 'search' }).filter({ hasText: 'failed' }).getByRole('link').click()
    const what = page.getByRole('region', { name: 'What went wrong' })
    await what.getByText('Found 1 error in src/rank.ts').waitFor()
    await what.getByText('git push nightshift main').waitFor()
    await page.getByRole('list', { name: 'Build and rollout' }).getByText('built: failed').waitFor()
  })

  test('what happens is seen without loading the page again', async () => {
    await using visitor = await site.signedIn()
    const { page } = visitor
    await page.goto(`${site.url}/journal`)
    await page.getByText('shop v16 serves').waitFor()
    site.target.world.record('domain.added', 'gifts.example.com leads to shop now', { app: 'shop' })
    await page.getByText('gifts.example.com leads to shop now').waitFor()
    await page.goto(`${site.url}/apps/shop`)
    await page.getByText('3 of 3 ready').waitFor()
    site.target.world.scale(site.target.world.app('shop'), 'api', 4)
    await page.getByRole('button', { name: /^api\.4/ }).waitFor()
  })

  test('a lost connection is said in one line, and caught up', async () => {
    await using visitor = await site.signedIn()
    const { page } = visitor
    await page.route('**/v1/events/stream*', (route) => route.abort())
    await page.goto(`${site.url}/journal`)
    await page.getByText('Connection lost, catching up').waitFor()
    site.target.world.record('volume.orphaned', 'said while nobody listened', { app: 'shop' })
    await page.unroute('**/v1/events/stream*')
    await page.getByText('Connection lost, catching up').waitFor({ state: 'detached' })
    await page.getByText('said while nobody listened').waitFor()
  })

  test('an instance is restarted, and opened in a terminal', async () => {
    await using visitor = await site.signedIn()
    const { page, errors } = visitor
    await page.goto(`${site.url}/apps/shop`)
    await page.getByRole('button', { name: 'web.1: ready' }).click()
    const card = page.getByRole('dialog', { name: 'Instance web.1' })
    await card.getByRole('button', { name: 'Restart' }).click()
    await card.getByText(/restarted by an operator/).waitFor()
    await card.getByRole('link', { name: 'Terminal' }).click()
    await page.getByText('A shell in the running instance').waitFor()
    await page.keyboard.type('ls\r')
    await page.locator('.xterm').getByText('server.js').first().waitFor()
    await page.keyboard.type('exit\r')
    await page.getByText('The shell has ended: code 0').waitFor()
    assertNone(errors)
  })

  test('config is changed, and says which release came of it', async () => {
    await using visitor = await site.signedIn()
    const { page } = visitor
    await page.goto(`${site.url}/apps/shop/config`)
    await page.getByRole('button', { name: 'Set a variable' }).click()
    const dialog = page.getByRole('dialog', { name: 'Set a variable' })
    await dialog.getByLabel('Name').fill('1st')
    assert.match((await dialog.getByRole('button', { name: /Set and release/ }).textContent()) ?? '', /does not start with a digit/)
    await dialog.getByLabel('Name').fill('NIGHT_RATE')
    await dialog.getByLabel('Value').fill('0.5')
    await dialog.getByRole('button', { name: 'Set and release' }).click()
    await page.getByText(/NIGHT_RATE is set; v\d+ is rolled out with it/).waitFor()
    await page.getByRole('button', { name: 'Change NIGHT_RATE' }).waitFor()
  })

  test('an app is destroyed only after its name was typed, and its volumes are named', async () => {
    await using visitor = await site.signedIn()
    const { page } = visitor
    await page.goto(`${site.url}/apps/archive/settings`)
    await page.getByRole('button', { name: 'Destroy archive' }).click()
    const dialog = page.getByRole('dialog', { name: 'Destroy archive?' })
    await dialog.getByText('1 volume and what is in them: scans').waitFor()
    await dialog.getByRole('button', { name: /Destroy archive/ }).click({ force: true })
    assert.ok(site.target.world.app('archive'))
    await dialog.getByLabel(/to confirm/).fill('archive')
    await page.keyboard.press('Enter')
    await page.waitForURL(`${site.url}/apps`)
    await page.getByText('archive is destroyed; kept: volume scans').waitFor()
  })

  test('what a session may not do is shown with its reason, and is not done', async () => {
    await using visitor = await site.signedIn({ loginUrl: `${site.url}/login?code=read` })
    const { page } = visitor
    await page.goto(`${site.url}/apps/billing/settings`)
    const stop = page.getByRole('button', { name: /Stop billing/ })
    assert.match((await stop.textContent()) ?? '', /needs deploy access, this session has read/)
    await stop.click({ force: true })
    assert.equal(await page.getByRole('dialog').count(), 0)
  })

  test('the chosen theme is there before the first paint, and stays', async () => {
    await using visitor = await site.signedIn({ colorScheme: 'dark' })
    const { page } = visitor
    await page.addInitScript("addEventListener('DOMContentLoaded', () => { window.themeAtFirst = document.documentElement.dataset.theme })")
    await page.getByRole('radio', { name: 'Day' }).check({ force: true })
    await page.reload()
    assert.equal(await page.evaluate('window.themeAtFirst'), 'day')
    const paper = await page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor')
    assert.equal(paper, 'rgb(246, 240, 228)')
  })

  test('on a phone the rooms are within reach of a thumb', async () => {
    await using visitor = await site.signedIn(phone)
    const { page } = visitor
    await page.getByRole('link', { name: 'Logs' }).tap()
    await page.waitForURL(/\/logs/)
    await page.getByRole('button', { name: 'More' }).tap()
    await page.getByRole('dialog').getByRole('link', { name: 'Machines' }).tap()
    await page.getByRole('heading', { name: 'Machines' }).waitFor()
    assert.equal(await page.getByRole('dialog').count(), 0)
  })

  test('nothing is asked of another host', async () => {
    await using visitor = await site.stranger()
    const { page } = visitor
    const foreign: string[] = []
    page.on('request', (request) => !request.url().startsWith(site.url) && !request.url().startsWith('data:') && foreign.push(request.url()))
    await page.goto(site.target.loginUrl)
    for (const path of ['/', '/map', '/apps/shop', '/logs']) await page.goto(site.url + path, { waitUntil: 'load' })
    assert.deepEqual(foreign, [])
  })
})
