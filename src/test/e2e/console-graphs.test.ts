/** The room Graphs: what it shows at once, what its address remembers, and a dashboard from its first graph to its end. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { until } from '#test/harness/wait.ts'
import { assertNone, goWithKeys, objections, skipWithoutChromium, tooWide, wide } from './browser.ts'
import { openSite } from './site.ts'
import { bootPreview } from './target.ts'

describe('graphs in the console', { skip: skipWithoutChromium }, () => {
  const site = openSite(bootPreview)
  const graph = (page: Page, title: string) => page.getByRole('img', { name: `Graph: ${title}`, exact: true })

  test('an app is shown at once; its values can be read without seeing the lines; a span that is dragged stands in the address', async () => {
    await using visitor = await site.signedIn()
    const { page, errors } = visitor
    await goWithKeys(page, 'x', /\/graphs$/)
    await page.getByLabel('App', { exact: true }).selectOption('shop')
    await page.waitForURL(/app=shop/)
    for (const title of ['Requests by class', 'Failed requests', 'Latency', 'CPU by service', 'Memory by service', 'Calls by edge']) await graph(page, title).locator('canvas').waitFor()
    await page.getByRole('button', { name: 'Values of Latency', exact: true }).click()
    const table = page.getByRole('table', { name: 'Values of Latency, newest first' })
    await table.getByRole('columnheader', { name: 'p95' }).waitFor()
    assert.match((await table.getByRole('cell').first().textContent()) ?? '', /ms|s$/)
    await page.getByRole('list', { name: 'What happened meanwhile' }).getByText('shop v17 serves').waitFor()
    const problems = await objections(page, 'graphs with values')
    assert.match((await page.getByRole('link', { name: 'Make a rule of Latency', exact: true }).getAttribute('href')) ?? '', /new-rule\?metric=nightshift_http_request_duration_seconds&fn=p99&where=from%3D%2Capp%3Dshop$/)
    await page.getByLabel('Beside').selectOption('1d')
    await page.waitForURL(/compare=1d/)
    // a drag while yesterday's lines arrive is lost with the plot they replace: whoever drags then, drags again
    await until(
      async () => {
        const box = await graph(page, 'CPU by service').boundingBox()
        assert.ok(box)
        await page.mouse.move(box.x + box.width * 0.5, box.y + 80)
        await page.mouse.down()
        await page.mouse.move(box.x + box.width * 0.8, box.y + 80, { steps: 4 })
        await page.mouse.up()
        return page.waitForURL(/from=.*to=/, { timeout: 2000 }).then(() => true, () => false)
      },
      { timeoutMs: 30_000, because: 'the span stands in the address' },
    )
    await using colleague = await site.signedIn()
    await colleague.page.goto(page.url())
    await graph(colleague.page, 'CPU by service').locator('canvas').waitFor()
    await colleague.page.getByRole('button', { name: /back to now/ }).click()
    await colleague.page.waitForURL((url) => !url.search.includes('from='))
    assertNone([...problems, ...errors, ...colleague.errors])
  })

  test('a dashboard is made, changed, read by somebody else and taken away', async () => {
    await using visitor = await site.signedIn()
    const { page, errors } = visitor
    await page.goto(`${site.url}/graphs?range=6h`)
    await page.getByRole('button', { name: 'New dashboard' }).click()
    await page.getByRole('dialog').getByLabel('Title').fill('Checkout')
    await page.getByRole('button', { name: 'Make it' }).click()
    await page.waitForURL(/board=checkout/)
    const form = page.getByRole('form', { name: 'Add a graph' })
    const line = (nth: number) => form.getByRole('group', { name: `Line ${nth}` })
    await line(1).getByLabel('Metric').fill('nightshift_http_requests_total')
    await form.getByText('delta with').waitFor()
    assert.equal(await line(1).getByLabel('What of it').inputValue(), 'rate')
    await line(1).getByLabel('A line for each').fill('service')
    await line(1).getByLabel('Only where').fill('app=shop')
    await form.getByRole('button', { name: 'One more line' }).click()
    await form.getByText('Not yet: line 2: choose a metric.').waitFor()
    await line(2).getByLabel('Metric').fill('nightshift_http_requests_total')
    await line(2).getByLabel('Only where').fill('app=shop,class=5xx')
    await line(2).getByLabel('Named').fill('failed')
    await form.getByLabel('Always beside it').selectOption('1d')
    await form.getByRole('img', { name: /^Graph: / }).locator('canvas').waitFor()
    const problems: (string | undefined)[] = [...(await objections(page, 'a graph that is made')), await tooWide(page, 'a graph that is made')]
    await page.setViewportSize(wide.viewport)
    await form.getByRole('button', { name: 'Add the graph' }).click()
    await page.getByRole('button', { name: 'Add a graph' }).click()
    await line(1).getByLabel('Metric').and(page.locator(':focus')).waitFor()
    await line(1).getByLabel('Metric').fill('nightshift_http_request_duration_seconds')
    await form.getByLabel('Title').fill('Slowest')
    await form.getByRole('button', { name: 'Add the graph' }).click()
    await page.getByRole('button', { name: 'Change http requests by service and 1 more' }).click()
    await page.getByRole('form', { name: 'Change http requests by service and 1 more' }).getByLabel('Title').fill('Traffic')
    await page.getByRole('button', { name: 'Keep the change' }).click()
    await page.getByRole('button', { name: 'Add a graph' }).and(page.locator(':focus')).waitFor() // who has no mouse goes on from there
    await page.getByRole('button', { name: 'Move Slowest up' }).click()
    await page.getByRole('button', { name: 'Move Slowest up' }).and(page.locator(':focus')).waitFor() // the focus went with it
    await page.getByLabel('Title of the dashboard').focus()
    await page.getByRole('tooltip').waitFor({ state: 'detached' })
    problems.push(...(await objections(page, 'a dashboard that is changed')))
    await page.getByRole('button', { name: 'Save' }).click()
    await graph(page, 'Traffic').locator('canvas').waitFor()
    await using colleague = await site.signedIn()
    await colleague.page.goto(page.url())
    await graph(colleague.page, 'Slowest').locator('canvas').waitFor()
    assert.deepEqual(await colleague.page.evaluate<string[]>(`[...document.querySelectorAll('figure [role=img]')].map((one) => one.getAttribute('aria-label'))`), ['Graph: Slowest', 'Graph: Traffic'])
    await colleague.page.getByRole('button', { name: 'Values of Traffic', exact: true }).click()
    const columns = colleague.page.getByRole('table', { name: /^Values of Traffic/ }).getByRole('columnheader')
    await columns.filter({ hasText: /^web$/ }).waitFor()
    assert.deepEqual(await columns.allTextContents(), ['time', 'api', 'db', 'failed', 'web'])
    await page.getByRole('button', { name: 'Change' }).click()
    await page.getByRole('button', { name: 'Remove it' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove it' }).click()
    await page.waitForURL((url) => !url.search.includes('board='))
    await page.getByRole('option', { name: 'Checkout' }).waitFor({ state: 'detached' })
    assertNone([...problems, ...errors, ...colleague.errors])
  })
})
