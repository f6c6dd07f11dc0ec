/** One story over a real Nightshift: sign in, see the shop, read its logs, open a terminal in it, roll it back. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { appFetch } from '#test/harness/fetch.ts'
import { until } from '#test/harness/wait.ts'
import { assertNone, objections, skipWithoutChromium, tabTo, tooWide, wide } from './browser.ts'
import { openSite } from './site.ts'
import { bootConsoleTarget } from './target.ts'

/** Pages of the shop and of the whole, and what each must show. */
const pages: [string, string][] = [
  ['/', 'text=healthy.'], ['/map', '.react-flow__node'], ['/apps', 'text=shop'], ['/apps/shop', 'text=Last lines'], ['/apps/shop/releases', 'text=serves'], ['/apps/shop/logs', '[data-line]'],
  ['/apps/shop/config', 'text=LOG_LEVEL'], ['/apps/shop/routes', 'text=by its name'], ['/apps/shop/settings', 'text=Destroy'], ['/deploy', 'text=succeeded'], ['/logs', '[data-line]'], ['/machines', 'text=connected'],
  ['/journal', 'text=shop v2 serves'], ['/settings', 'text=API tokens'],
]

describe('the console over a real Nightshift', { skip: skipWithoutChromium }, () => {
  const site = openSite(bootConsoleTarget)

  test('the shop is seen, read, entered and rolled back', async () => {
    await using visitor = await site.signedIn({ colorScheme: 'dark' })
    const { page, errors } = visitor

    const problems: (string | undefined)[] = []
    for (const [path, ready] of pages) {
      await page.setViewportSize(wide.viewport)
      await page.goto(site.url + path)
      await page.locator(ready).first().waitFor()
      problems.push(...(await objections(page, path)))
      problems.push(await tooWide(page, path))
    }
    await page.setViewportSize(wide.viewport)
    assertNone([...problems, ...errors])

    // all quiet, but for what rules have found on this machine: each of that is told
    await page.goto(site.url)
    await until(async () => {
      const { sentence, needsPerson } = await site.target.client.call('tonight.read')
      const open = await site.target.client.call('alerts.list', { query: { open: 'true' } })
      assert.deepEqual([sentence.startsWith(open.length === 0 ? 'All quiet. ' : `${open.length} thing`), needsPerson.length], [true, open.length])
      return page.getByRole('heading', { level: 1, name: sentence }).isVisible()
    }, { because: 'Tonight says what is open, and nothing else' })

    await page.goto(`${site.url}/apps/shop`)
    await page.getByRole('button', { name: /^web\.2: ready$/ }).waitFor()
    assert.equal(await page.getByRole('button', { name: /: ready$/ }).count(), 6)

    // the build that made v1, from the list of builds
    await page.goto(`${site.url}/deploy`)
    await page.getByRole('listitem').filter({ hasText: 'succeeded' }).getByRole('link', { name: 'shop' }).click()
    await page.getByRole('log').getByText(/release v1/).waitFor()
    await page.getByRole('list', { name: 'Build and rollout' }).getByText('done: done').waitFor()

    // a shell in a running instance: a real terminal
    await page.goto(`${site.url}/apps/shop/terminal/web.1`)
    await page.getByText('A shell in the running instance').waitFor()
    await page.keyboard.type('echo "I am $NIGHTSHIFT_INSTANCE of $NIGHTSHIFT_RELEASE"\r')
    await page.locator('.xterm').getByText('I am web.1 of v2').first().waitFor()
    await page.keyboard.type('exit 3\r')
    await page.getByText('The shell has ended: code 3').waitFor()

    // back to v1 with the keyboard, while the shop serves on
    await page.goto(`${site.url}/apps/shop/releases`)
    await page.getByText('LOG_LEVEL = debug (new)').waitFor()
    await tabTo(page, /^Roll back to v1$/)
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').getByText('LOG_LEVEL unset (was debug)').waitFor()
    await tabTo(page, /^Roll back to v1$/)
    await page.keyboard.press('Enter')
    await page.getByRole('listitem').filter({ hasText: 'v3' }).getByText('serves', { exact: true }).waitFor({ timeout: 60_000 })
    assert.equal((await appFetch(site.target.shopUrl)).status, 200)
    await page.goto(`${site.url}/apps/shop/config`)
    await page.getByText('None is set.').first().waitFor()
    assertNone(errors)
  })

  test('a login link opens one session, and a stranger sees nothing but the way in', async () => {
    await using again = await site.stranger()
    await again.page.goto(site.target.loginUrl)
    await again.page.getByRole('alert').getByText(/unknown, used or older/).waitFor()
    await again.page.goto(`${site.url}/apps/shop`)
    await again.page.getByRole('heading', { name: 'Sign in' }).waitFor()
    assert.equal(await again.page.getByText('shop').count(), 0)
  })
})
