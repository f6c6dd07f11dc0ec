/** The room Graphs: what it shows at once, what its address remembers, and a dashboard from its first graph to its end. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { assertNone, launchBrowser, objections, skipWithoutChromium, visit, wide } from './browser.ts'
import { bootPreview } from './target.ts'

describe('graphs in the console', { skip: skipWithoutChromium }, () => {
  let browser: Browser
  let target: Awaited<ReturnType<typeof bootPreview>>
  before(async () => {
    ;[browser, target] = await Promise.all([launchBrowser(), bootPreview()])
  })
  after(async () => {
    await browser?.close()
    await target?.[Symbol.asyncDispose]()
  })
  const graph = (page: Page, title: string) => page.getByRole('img', { name: `Graph: ${title}`, exact: true })

  test('an app is shown at once; its values can be read without seeing the lines; a span that is dragged stands in the address', async () => {
    await using visitor = await visit(browser, { ...wide, loginUrl: target.loginUrl })
    const { page, errors } = visitor
    await page.keyboard.press('g')
    await page.keyboard.press('x')
    await page.waitForURL(/\/graphs$/)
    await page.getByLabel('App', { exact: true }).selectOption('shop')
    await page.waitForURL(/app=shop/)
    for (const title of ['Requests by class', 'Failed requests', 'Latency', 'CPU by service', 'Memory by service', 'Calls by edge']) await graph(page, title).locator('canvas').waitFor()
    await page.getByRole('button', { name: 'Values of Latency', exact: true }).click()
    const table = page.getByRole('table', { name: 'Values of Latency, newest first' })
    await table.getByRole('columnheader', { name: 'p95' }).waitFor()
    assert.match((await table.getByRole('cell').first().textContent()) ?? '', /ms|s$/)
    await page.getByRole('list', { name: 'What happened meanwhile' }).getByText('shop v17 serves').waitFor()
    const problems = await objections(page, 'graphs with values')
    await page.getByLabel('Beside').selectOption('1d')
    await page.waitForURL(/compare=1d/)
    const box = await graph(page, 'CPU by service').boundingBox()
    assert.ok(box)
    await page.mouse.move(box.x + box.width * 0.5, box.y + 80)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.8, box.y + 80, { steps: 4 })
    await page.mouse.up()
    await page.waitForURL(/from=.*to=/)
    await using colleague = await visit(browser, { ...wide, loginUrl: target.loginUrl })
    await colleague.page.goto(page.url())
    await graph(colleague.page, 'CPU by service').locator('canvas').waitFor()
    await colleague.page.getByRole('button', { name: /back to now/ }).click()
    await colleague.page.waitForURL((url) => !url.search.includes('from='))
    assertNone([...problems, ...errors, ...colleague.errors])
  })

  test('a dashboard is made, changed, read by somebody else and taken away', async () => {
    await using visitor = await visit(browser, { ...wide, loginUrl: target.loginUrl })
    const { page, errors } = visitor
    await page.goto(`${target.url}/graphs?range=6h`)
    await page.getByRole('button', { name: 'New dashboard' }).click()
    await page.getByRole('dialog').getByLabel('Title').fill('Checkout')
    await page.getByRole('button', { name: 'Make it' }).click()
    await page.waitForURL(/board=checkout/)
    const form = page.getByRole('form', { name: 'Add a graph' })
    await form.getByLabel('Metric').fill('nightshift_http_requests_total')
    await form.getByText('delta with').waitFor()
    assert.equal(await form.getByLabel('What of it').inputValue(), 'rate')
    await form.getByLabel('A line for each').fill('service')
    await form.getByLabel('Only where').fill('app=shop')
    await form.getByRole('button', { name: 'Add the graph' }).click()
    await form.getByLabel('Metric').fill('nightshift_http_request_duration_seconds')
    await form.getByLabel('Title').fill('Slowest')
    await form.getByRole('button', { name: 'Add the graph' }).click()
    await page.getByLabel('Title of graph 1').fill('Traffic')
    await page.getByRole('button', { name: 'Move Slowest up' }).click()
    const problems = await objections(page, 'a dashboard that is changed')
    await page.getByRole('button', { name: 'Save' }).click()
    await graph(page, 'Traffic').locator('canvas').waitFor()
    await using colleague = await visit(browser, { ...wide, loginUrl: target.loginUrl })
    await colleague.page.goto(page.url())
    await graph(colleague.page, 'Slowest').locator('canvas').waitFor()
    assert.deepEqual(await colleague.page.evaluate<string[]>(`[...document.querySelectorAll('figure [role=img]')].map((one) => one.getAttribute('aria-label'))`), ['Graph: Slowest', 'Graph: Traffic'])
    await page.getByRole('button', { name: 'Change' }).click()
    await page.getByRole('button', { name: 'Remove it' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove it' }).click()
    await page.waitForURL((url) => !url.search.includes('board='))
    await page.getByRole('option', { name: 'Checkout' }).waitFor({ state: 'detached' })
    assertNone([...problems, ...errors, ...colleague.errors])
  })
})
