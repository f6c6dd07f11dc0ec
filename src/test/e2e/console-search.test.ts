/** The box that finds everything, by keyboard alone. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { until } from '#test/harness/wait.ts'
import { assertNone, skipWithoutChromium } from './browser.ts'
import { openSite } from './site.ts'
import { bootPreview } from './target.ts'

describe('find or do', { skip: skipWithoutChromium }, () => {
  const site = openSite(bootPreview)

  test('the name of an app leaves only what is of it; Enter goes there, and it is first the next time', async () => {
    await using visitor = await site.signedIn({ colorScheme: 'dark' })
    const { page, errors } = visitor
    await page.goto(site.url)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.keyboard.press('Control+k')
    const box = page.getByRole('dialog').getByRole('combobox')
    await box.fill('billing')
    const options = page.getByRole('dialog').getByRole('option')
    await page.getByRole('dialog').getByText('Services', { exact: true }).waitFor()
    const texts = await options.allTextContents()
    assert.deepEqual(texts.filter((text) => !text.toLowerCase().includes('billing')), [])
    assert.ok(texts.length > 8, texts.join('\n'))
    await page.keyboard.press('Enter')
    await page.waitForURL(`${site.url}/apps/billing`)
    await page.keyboard.press('Control+k')
    assert.match((await options.first().textContent()) ?? '', /^billing/)
    assertNone(errors)
  })

  test('a document opens in place; what nobody knows leads to the logs', async () => {
    await using visitor = await site.signedIn({ colorScheme: 'light' })
    const { page, errors } = visitor
    await page.goto(site.url)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.keyboard.press('Control+k')
    const box = page.getByRole('dialog').getByRole('combobox')
    await box.fill('what may be lost')
    await page.getByRole('option', { name: /What may be lost/ }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByText('docs/logs.md#what-may-be-lost').waitFor()
    await box.fill('zyxwv')
    await page.getByRole('option', { name: 'Search all logs for “zyxwv”' }).waitFor()
    await until(async () => (await page.getByRole('option').count()) === 1, { because: 'only the logs are offered' })
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/logs\?q=zyxwv$/)
    assertNone(errors)
  })
})
