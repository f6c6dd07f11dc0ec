/** The log view: live, paused, searched, linked to, and with a hundred thousand lines. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { until } from '#test/harness/wait.ts'
import { assertNone, objections, phone, skipWithoutChromium } from './browser.ts'
import { openSite } from './site.ts'
import { bootPreview } from './target.ts'

describe('logs in the console', { skip: skipWithoutChromium }, () => {
  const site = openSite(bootPreview)
  const say = (text: string, level: 'info' | 'error' = 'info') => site.target.world.say({ at: new Date().toISOString(), app: 'shop', environment: 'production', service: 'web', instance: 'web.1', release: 17, stream: 'stdout', level, text })
  const list = (page: Page) => page.getByRole('listbox', { name: 'Log lines' })

  test('a line is seen as it is written, and waits while the tail is paused', async () => {
    await using visitor = await site.signedIn()
    const { page } = visitor
    await page.goto(`${site.url}/logs`)
    await list(page).waitFor()
    say('first light over the harbour')
    await list(page).getByText('first light over the harbour').waitFor()
    await page.keyboard.press('p')
    await page.getByText(/^Paused/).waitFor()
    say('the ferry has left')
    await page.getByText(/new lines? waiting/).waitFor()
    assert.equal(await list(page).getByText('the ferry has left').count(), 0)
    await page.getByRole('button', { name: 'Go on' }).click()
    await list(page).getByText('the ferry has left').waitFor()
  })

  test('the filter stands in the address, and works when it is opened by somebody else', async () => {
    await using visitor = await site.signedIn()
    const { page } = visitor
    say('lamp 4711 is out', 'error')
    say('lamp 4712 is lit')
    await page.goto(`${site.url}/logs`)
    await list(page).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('lamp 471')
    await page.waitForURL(/q=lamp/)
    await page.getByLabel('Level').selectOption('error')
    await page.waitForURL(/level=error/)
    await using colleague = await site.signedIn()
    await colleague.page.goto(page.url())
    await list(colleague.page).getByText('is out').waitFor()
    assert.equal(await list(colleague.page).getByText('is lit').count(), 0)
    assert.equal(await list(colleague.page).locator('mark').first().textContent(), 'lamp')
  })

  test('a line opens, and its link leads to it and to what stood around it', async () => {
    await using visitor = await site.signedIn()
    const { page } = visitor
    say('before the incident')
    say('{"msg":"the incident","order":77}', 'error')
    say('after the incident')
    await page.goto(`${site.url}/logs?q=the+incident`)
    await list(page).getByText('order').click()
    const detail = page.getByRole('complementary', { name: 'Log line' })
    await detail.getByText('"order": 77').waitFor()
    await detail.getByRole('link', { name: 'What stood around it' }).click()
    await page.waitForURL(/line=/)
    await list(page).getByText('before the incident').waitFor()
    await list(page).getByText('after the incident').waitFor()
    await list(page).getByRole('option', { selected: true }).getByText('order').waitFor()
    await page.getByRole('button', { name: 'Back to live' }).click()
    await page.getByText('Live', { exact: true }).waitFor()
  })

  test('a search is completed while it is written, and what is wrong with it is said where it stands', async () => {
    await using visitor = await site.signedIn()
    const { page } = visitor
    await page.goto(`${site.url}/logs`)
    await list(page).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('lev')
    await page.getByRole('option', { name: /^level>=/ }).waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.type('err')
    await page.getByRole('listbox', { name: 'Completions' }).getByRole('option', { name: 'error' }).waitFor()
    await page.keyboard.press('Enter')
    await page.waitForURL((url) => url.searchParams.get('q') === 'level>=error')
    await until(async () => (await page.locator('[data-line]').count()) > 0, { because: 'errors are there' })
    // what goes into the address meanwhile takes nothing back: neither the space nor what follows it
    await page.keyboard.type('time')
    await page.waitForURL((url) => url.searchParams.get('q') === 'level>=error time')
    await page.keyboard.type('d ')
    await page.waitForURL((url) => url.searchParams.get('q') === 'level>=error timed')
    await page.keyboard.type('out')
    await page.waitForURL((url) => url.searchParams.get('q') === 'level>=error timed out')
    await page.keyboard.type('(a')
    await page.getByRole('alert').getByText(/"\(" is never closed/).waitFor()
    assertNone(await objections(page, 'a search that is refused'))
  })

  test('a field of a line is asked for, and left out, by a click; a time is chosen with the keyboard', async () => {
    await using visitor = await site.signedIn()
    const { page } = visitor
    say('{"msg":"the lock turned","door":"north"}')
    say('{"msg":"the lock turned","door":"south"}')
    await page.goto(`${site.url}/logs?q=%22the+lock%22`)
    await list(page).getByText('door=north').click()
    await page.getByRole('button', { name: 'No lines with door:north' }).click()
    await page.waitForURL(/door%3Anorth/)
    await list(page).getByText('door=south').waitFor()
    assert.equal(await list(page).getByText('door=north').count(), 0)
    await page.getByRole('group', { name: /^Lines over time/ }).focus()
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('Shift+ArrowLeft')
    await page.keyboard.press('Enter')
    await page.waitForURL(/since=.*until=/)
    await list(page).getByText('door=south').waitFor()
    await page.getByRole('button', { name: 'Back to live' }).click()
    await page.getByText('Live', { exact: true }).waitFor()
  })

  test('patterns group what is said, and lead to their lines', async () => {
    await using visitor = await site.signedIn()
    const { page } = visitor
    for (let i = 0; i < 5; i++) say(`barrel ${i} rolled off pier ${i * 7}`)
    await page.goto(`${site.url}/logs?app=shop&q=barrel`)
    await page.getByText('Patterns', { exact: true }).click()
    const pattern = page.getByRole('region', { name: 'Patterns' }).getByRole('listitem').filter({ hasText: 'rolled off pier' })
    await pattern.waitFor()
    assert.match((await pattern.textContent()) ?? '', /^5barrel <n> rolled off pier <n>/)
    assertNone(await objections(page, 'patterns'))
    await pattern.getByRole('button', { name: 'Lines' }).click()
    await list(page).getByText('barrel').first().waitFor()
    assert.match(decodeURIComponent(page.url()), /rolled\+off\+pier/)
  })

  test('on a phone lines wrap, and the tail is followed all the same', async () => {
    await using visitor = await site.signedIn(phone)
    const { page } = visitor
    await page.goto(`${site.url}/logs`)
    await list(page).waitFor()
    for (let i = 0; i < 40; i++) say(`${i} ${'a long line that goes on and on '.repeat(1 + (i % 7))}`)
    say('the last of them')
    await list(page).getByText('the last of them').waitFor()
    await page.getByText('Live', { exact: true }).waitFor()
  })

  test('a hundred thousand lines scroll, and only those in sight exist', async () => {
    await using visitor = await site.signedIn()
    const { page } = visitor
    await page.goto(`${site.url}/logs?app=shop`)
    await list(page).waitFor()
    for (let sent = 0; sent < 100_000; sent += 5000) {
      for (let i = 0; i < 5000; i++) say(`wave ${sent + i}`)
      await list(page).getByText(`wave ${sent + 4999}`, { exact: true }).waitFor()
    }
    await until(async () => Number(/(\d+) lines/.exec((await page.getByText(/^\d+ lines$/).textContent()) ?? '')?.[1]) > 80_000, { because: 'the view keeps them' })
    assert.ok((await page.locator('[data-line]').count()) < 150)
    await list(page).hover()
    await page.mouse.wheel(0, -1_000_000)
    await page.getByText(/^Paused/).waitFor()
    await until(async () => /wave [3-6]\d{4}/.test((await list(page).textContent()) ?? ''), { because: 'the middle is shown' })
    assert.ok((await page.locator('[data-line]').count()) < 150)
  })
})
