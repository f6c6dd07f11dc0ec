/** Rules and SLOs in the console: made, tried, changed, muted and taken away; a rule and an SLO with the keyboard alone. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { assertNone, goWithKeys, objections, skipWithoutChromium, tabTo, tooWide, wide } from './browser.ts'
import { openSite } from './site.ts'
import { bootPreview } from './target.ts'

describe('rules and SLOs in the console', { skip: skipWithoutChromium }, () => {
  const site = openSite(bootPreview)
  const rule = (page: Page, title: string) => page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: new RegExp(`^${title}`) }) })

  /** Down a list, each step seen in the address before the next: letters typed too slowly would each begin anew. */
  const goDown = async (page: Page, label: string, wanted: RegExp) => {
    const list = page.getByLabel(label, { exact: true })
    await list.focus()
    for (let steps = 0; steps < 20 && !wanted.test(page.url()); steps++) {
      const before = page.url()
      await list.press('ArrowDown')
      await page.waitForURL((url) => url.href !== before)
    }
    assert.match(page.url(), wanted)
  }

  test('a rule is tried and made with the keyboard alone', async () => {
    await using visitor = await site.signedIn()
    const { page, errors } = visitor
    await goWithKeys(page, 'e', /\/alerts$/)
    await page.getByRole('link', { name: 'New rule' }).waitFor()
    await tabTo(page, /^New rule$/)
    await page.keyboard.press('Enter')
    const form = page.getByRole('form', { name: 'New rule' })
    await form.getByText('Nothing yet: choose a metric.').waitFor()
    await form.getByRole('group', { name: 'What it watches' }).getByLabel('Metric').focus()
    await page.keyboard.type('nightshift_machine_load1')
    await form.getByText('Nothing yet: say the value it is compared with.').waitFor()
    await form.locator('canvas').waitFor()
    await form.getByLabel('Value', { exact: true }).focus()
    await page.keyboard.type('0.5')
    const preview = form.getByRole('region', { name: 'What it would have done' })
    await preview.getByText(/^It would have fired (at least )?\d+ times? in the last 24 hours, for \d+ of \d+ series\.$/).waitFor()
    await preview.locator('canvas').first().waitFor()
    await preview.getByRole('list', { name: 'When it would have fired' }).waitFor()
    await form.getByLabel('Title').focus()
    await page.keyboard.type('Machines are busy')
    await form.getByText('On the command line: machines-are-busy').waitFor()
    await page.reload()
    await form.getByText('On the command line: machines-are-busy').waitFor()
    assert.equal(await form.getByLabel('Value', { exact: true }).inputValue(), '0.5', 'a reload keeps what was typed')
    await tabTo(page, /^Make the rule$/)
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/alerts$/)
    await rule(page, 'Machines are busy').getByText('avg of nightshift_machine_load1 over 5 min > 0.5 for 5 min').waitFor()
    await page.getByRole('link', { name: 'New rule' }).click()
    await form.getByText('Nothing yet: choose a metric.').waitFor() // nothing is left of it
    assertNone(errors)
  })

  test('every kind of condition can be chosen, read by everybody, and fits a phone', async () => {
    await using visitor = await site.signedIn()
    const { page, errors } = visitor
    const problems: (string | undefined)[] = []
    await page.goto(`${site.url}/alerts/new-rule?metric=nightshift_http_requests_total&fn=rate&by=app`)
    const kind = page.getByLabel('It fires when')
    const preview = page.getByRole('region', { name: 'What it would have done' })
    const fields: Record<string, Record<string, string>> = { absence: {}, threshold: { Value: '12' }, change: { Value: '-50%' }, unusual: {}, forecast: { Value: '100' } }
    await kind.waitFor()
    assert.deepEqual((await Promise.all((await kind.locator('option').all()).map((one) => one.getAttribute('value')))).toSorted(), Object.keys(fields).toSorted())
    for (const [name, given] of Object.entries(fields)) {
      await page.setViewportSize(wide.viewport)
      await kind.selectOption(name)
      for (const [label, value] of Object.entries(given)) await page.getByLabel(label, { exact: true }).fill(value)
      await preview.getByText(/^It would (not )?have fired/).waitFor()
      await preview.locator('canvas').first().waitFor()
      problems.push(...(await objections(page, `a rule of ${name}`)), await tooWide(page, `a rule of ${name}`))
    }
    assertNone([...problems, ...errors])
  })

  test('what a search of the log finds is counted: the search leads to the rule', async () => {
    await using visitor = await site.signedIn()
    const { page, errors } = visitor
    await page.goto(`${site.url}/logs?app=shop&level=warn&q=checkout`)
    await page.getByRole('link', { name: 'Make a rule' }).click()
    const watched = page.getByRole('group', { name: 'What it watches' })
    assert.equal(await watched.getByLabel('Lines that match').inputValue(), 'level>=warn (checkout)')
    assert.equal(await watched.getByLabel('Only where').inputValue(), 'app=shop,environment=production')
    assert.deepEqual(await page.getByLabel('It fires when').locator('option').allTextContents(), ['A threshold is crossed', 'It changes fast'])
    await watched.getByLabel('Lines that match').fill('level>=debug')
    await page.getByLabel('Value', { exact: true }).fill('1')
    await page.getByRole('region', { name: 'What it would have done' }).locator('canvas').waitFor()
    const problems = [...(await objections(page, 'a rule of lines')), await tooWide(page, 'a rule of lines')]
    await page.setViewportSize(wide.viewport)
    await watched.getByLabel('Of', { exact: true }).selectOption('metric')
    await watched.getByLabel('Metric').waitFor()
    assertNone([...problems, ...errors])
  })

  test('what comes with Nightshift is changed in place, switched off, and put back', async () => {
    await using visitor = await site.signedIn()
    const { page, errors } = visitor
    await page.goto(`${site.url}/alerts`)
    await page.getByRole('link', { name: 'A machine is short of memory' }).click()
    await page.getByText(/It comes with Nightshift/).waitFor()
    await page.getByLabel('Value', { exact: true }).fill('90 %')
    await page.getByText(/^It would (not )?have fired/).waitFor()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.waitForURL(/\/alerts$/)
    await rule(page, 'A machine is short of memory').getByText(/> 90 % for 10 min/).waitFor()
    await page.getByRole('link', { name: 'A machine is short of memory' }).click()
    await page.getByText(/in place of the one that comes with Nightshift/).waitFor()
    const switches = page.getByRole('group', { name: 'Switch of A machine is short of memory' })
    await switches.getByText('Off 8 h', { exact: true }).click()
    await page.getByText(/^off until \d/).waitFor()
    await switches.getByText('Off', { exact: true }).click()
    await page.getByText('off', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Put the original back' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Put the original back' }).click()
    await page.waitForURL(/\/alerts$/)
    await rule(page, 'A machine is short of memory').getByText(/> 95 % for 10 min/).waitFor()
    assertNone(errors)
  })

  test('a file of Prometheus is looked at before it is taken over, and its rules say where they are changed', async () => {
    await using visitor = await site.signedIn()
    const { page, errors } = visitor
    await page.goto(`${site.url}/alerts/import`)
    const file = 'groups:\n  - name: a\n    rules:\n      - alert: LoadHigh\n        expr: nightshift_machine_load1 > 8\n        for: 10m\n      - record: job:x\n        expr: sum(x)\n      - alert: Odd\n        expr: x unless y\n'
    await page.getByLabel('The file', { exact: true }).fill(file)
    await page.getByLabel('What the file is called').fill('node.rules.yml')
    await page.getByRole('button', { name: 'Look at it', exact: true }).click()
    await page.getByRole('list', { name: 'Would be taken over' }).getByText('avg of nightshift_machine_load1').or(page.getByText('last of nightshift_machine_load1')).waitFor()
    const left = page.getByRole('list', { name: 'Cannot be taken over' })
    await left.getByText(/recording rules are not supported/).waitFor()
    await left.getByText(/"unless" cannot be expressed/).waitFor()
    const problems = await objections(page, 'an import')
    await page.getByRole('button', { name: 'Take 1 rule over' }).click()
    await page.waitForURL(/\/alerts$/)
    await page.getByRole('link', { name: 'Load High' }).click()
    await page.getByText(/Imported from node\.rules\.yml: change it there/).waitFor()
    await page.getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await page.waitForURL(/\/alerts$/)
    await page.getByRole('heading', { name: 'Rules' }).waitFor()
    await page.getByRole('link', { name: 'Load High' }).waitFor({ state: 'detached' })
    assertNone([...problems, ...errors])
  })

  test('a rule of a manifest is read, switched off for a while, and sent to where it is changed', async () => {
    await using visitor = await site.signedIn()
    const { page, errors } = visitor
    await page.goto(`${site.url}/alerts`)
    await page.getByRole('link', { name: 'Orders take long' }).click()
    await page.getByText('It comes from the manifest of shop, and is changed there. It can be switched off here.').waitFor()
    await page.getByText('p95 of nightshift_http_request_duration_seconds').waitFor()
    await page.getByRole('region', { name: 'What it would have done' }).locator('canvas').first().waitFor()
    assert.equal(await page.getByRole('form').count(), 0)
    assert.equal(await page.getByRole('button', { name: /^(Save|Remove)/ }).count(), 0)
    await page.getByRole('group', { name: 'Switch of Orders take long' }).getByText('Off 1 h').click()
    await page.getByText(/It is switched off, looks at nothing, and is on again/).waitFor()
    const problems = [...(await objections(page, 'a rule of a manifest')), await tooWide(page, 'a rule of a manifest')]
    await page.getByRole('main').getByRole('link', { name: 'shop' }).click()
    await page.waitForURL(/\/apps\/shop$/)
    assertNone([...problems, ...errors])
  })

  test('an SLO is tried, made and muted with the keyboard alone, and taken away', async () => {
    await using visitor = await site.signedIn()
    const { page, errors } = visitor
    await page.goto(`${site.url}/alerts`)
    await page.getByRole('link', { name: 'New SLO' }).waitFor()
    await tabTo(page, /^New SLO$/)
    await page.keyboard.press('Enter')
    await page.getByText('Nothing yet: choose an app.').waitFor()
    await goDown(page, 'App', /app=shop/)
    await page.getByText(/It stands in nightshift.yml of shop/).waitFor()
    await goDown(page, 'Towards whom', /service=web/)
    const share = page.getByLabel('Share of requests that succeed')
    await share.focus()
    await page.keyboard.press('Control+a')
    await page.keyboard.type('99.95%')
    const preview = page.getByRole('region', { name: 'How the last day would have done' })
    await preview.getByText(/99.95 % of requests succeed: .* error budget of 30 d (is enough|lasts [^.]+)\. It would have alerted \d+ times?\./).waitFor()
    await preview.locator('canvas').first().waitFor()
    await page.getByLabel('Alert while the error budget burns too fast').focus()
    await page.keyboard.press('Space')
    await preview.getByText(/Nobody would be alerted\./).waitFor()
    const problems = [...(await objections(page, 'an SLO')), await tooWide(page, 'an SLO')]
    await page.setViewportSize(wide.viewport)
    await tabTo(page, /^Save the SLO$/)
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/alerts$/)
    await page.getByText('99.95 % of requests succeed, over 30 d; without alerts').waitFor()
    await page.getByRole('link', { name: 'Change the SLO of shop/web' }).click()
    await page.getByText('It was set by people.').waitFor()
    assert.equal(await page.getByLabel('Share of requests that succeed').inputValue(), '99.95%')
    await page.getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await page.waitForURL(/\/alerts$/)
    await page.getByText('99.95 % of requests succeed').waitFor({ state: 'detached' })
    assertNone([...problems, ...errors])
  })

  test('who may only read sees what a rule would have done, and why it cannot be saved', async () => {
    await using visitor = await site.signedIn({ loginUrl: `${site.url}/login?code=read` })
    const { page, errors } = visitor
    await page.goto(`${site.url}/alerts/rules/invoices-queue`)
    await page.getByText(/^It would (not )?have fired/).waitFor()
    await page.getByRole('button', { name: /^Save.*needs deploy access, this session has read/ }).waitFor()
    await page.getByRole('button', { name: /^Remove.*needs deploy access, this session has read/ }).waitFor()
    assert.equal(await page.getByRole('group', { name: /^Switch of/ }).count(), 0)
    assertNone(errors)
  })
})
