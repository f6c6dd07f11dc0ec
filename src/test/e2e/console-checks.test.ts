/** Checks in the console, against a real Nightshift: made, tried, changed, paused, in maintenance, removed. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, type Server, createServer } from 'node:net'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { type TestNightshift, bootNightshift } from '#test/harness/nightshift.ts'
import { freePort } from '#test/harness/port.ts'
import { until } from '#test/harness/wait.ts'
import { assertNone, launchBrowser, objections, skipWithoutChromium, tooWide, type Visit, visit, wide } from './browser.ts'
import { bootPreview } from './target.ts'

describe('checks in the console', { skip: skipWithoutChromium }, () => {
  let browser: Browser
  let nightshift: TestNightshift
  let greeter: Server
  let visitor: Visit
  before(async () => {
    greeter = createServer((socket) => void socket.on('error', () => {}).end('SSH-2.0-night\r\n')).listen(0, '127.0.0.1')
    await once(greeter, 'listening')
    ;[browser, nightshift] = await Promise.all([launchBrowser(), bootNightshift()])
    visitor = await visit(browser, { ...wide, loginUrl: nightshift.loginUrl })
  })
  after(async () => {
    await browser?.close()
    await nightshift?.[Symbol.asyncDispose]()
    greeter?.close()
  })
  const field = (page: Page, name: string) => page.getByLabel(name, { exact: true })
  const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true })
  const read = async (page: Page) => nightshift.client.call('checks.read', { params: { check: new URL(page.url()).pathname.split('/')[2] as string } })
  /** But for what a form was refused for. */
  const unforeseen = () => visitor.errors.splice(0).filter((error) => !/\/checks\/new(\?kind=\w+)?: .*status of 400/.test(error))
  const isState = (page: Page, state: string) => page.getByText(`${state} for`).first().waitFor()

  test('one is tried, made, changed with a try before, paused and resumed', async () => {
    const { page } = visitor
    await page.goto(`${nightshift.api}/checks`)
    await page.getByRole('link', { name: 'New check' }).click()
    await field(page, 'Kind').selectOption('tcp')
    await field(page, 'address (required)').fill(`127.0.0.1:${(greeter.address() as AddressInfo).port}`)
    await field(page, 'every').fill('soon')
    await button(page, 'Make the check').click()
    await page.getByText('every: must be like 500ms, 30s, 5m or 2h').waitFor()
    assert.equal(await field(page, 'every').getAttribute('aria-invalid'), 'true')
    await field(page, 'every').fill('30s')
    assert.equal(await field(page, 'every').getAttribute('aria-invalid'), null, 'until it is another')
    await page.reload()
    assert.equal(await field(page, 'Kind').inputValue(), 'tcp', 'the address keeps the kind')
    await field(page, 'address (required)').fill(`127.0.0.1:${(greeter.address() as AddressInfo).port}`)
    await field(page, 'banner').fill('/^SSH-2(?!x)/')
    await button(page, 'Test').click()
    await page.getByText(/looks ahead, which is not supported/).first().waitFor()
    await field(page, 'banner').fill('/^SSH-2/')
    await button(page, 'Test').click()
    await page.getByText('ok: SSH-2.0-night').waitFor()
    await field(page, 'name').fill('door')
    await field(page, 'every').fill('1s')
    await field(page, 'retries').fill('0')
    const problems = await objections(page, 'a new check')
    await button(page, 'Make the check').click()
    await page.getByRole('heading', { level: 1, name: 'door' }).waitFor()
    await isState(page, 'up')

    await page.getByRole('link', { name: 'Change', exact: true }).click()
    await page.getByRole('heading', { level: 1, name: 'Change door' }).waitFor()
    assert.equal(await field(page, 'every').inputValue(), '1s')
    await field(page, 'address (required)').fill(`127.0.0.1:${await freePort()}`)
    await button(page, 'Test').click()
    await page.getByText(/^err: nothing listens at /).waitFor()
    assert.equal((await read(page)).name, 'door', 'a try changes nothing')
    await field(page, 'name').fill('side door')
    await field(page, 'severity').selectOption('warning')
    problems.push(...(await objections(page, 'a check that is changed')), ...[await tooWide(page, 'a check that is changed')].filter((one) => one !== undefined))
    await page.setViewportSize(wide.viewport)
    await button(page, 'Save').click()
    await page.getByRole('heading', { level: 1, name: 'side door' }).waitFor()
    await isState(page, 'down')
    const changed = await read(page)
    assert.deepEqual([changed.severity, changed.retries, changed.config['banner']], ['warning', 0, '/^SSH-2/'])

    await button(page, 'Pause').click()
    await isState(page, 'paused')
    await button(page, 'Resume').click()
    await isState(page, 'down')
    assertNone([...problems, ...unforeseen()])
  })

  test('maintenance is planned for one check and for several, ended and taken away; the check goes with its name asked', async () => {
    const made = await nightshift.client.call('checks.create', { body: { name: 'line', kind: 'tcp', config: { address: `127.0.0.1:${await freePort()}` }, every: '1s', retries: 0 } })
    const { page } = visitor
    await page.goto(`${nightshift.api}/checks/${made.id}`)
    await isState(page, 'down')
    await button(page, 'Plan maintenance').click()
    await field(page, 'What is done').fill('a new line')
    await field(page, 'Lasts').fill('soon')
    await button(page, /^Plan it ?, not now: "soon" is no time/).waitFor()
    await page.getByText('Not yet: "soon" is no time: write 30m or 2h.').waitFor()
    await field(page, 'Lasts').fill('2h')
    const problems = await objections(page, 'maintenance that is planned')
    await button(page, 'Plan it').click()
    await page.getByText('a new line').first().waitFor()
    await isState(page, 'maintenance')
    await button(page, 'End').click()
    await page.getByRole('dialog').getByText('its checks alert again from now on').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'End', exact: true }).click()
    await isState(page, 'down')

    await page.goto(`${nightshift.api}/checks`)
    await button(page, 'Plan maintenance').click()
    await field(page, 'What is done').fill('every week')
    await field(page, 'Begins').fill(`${new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10)}T02:00`)
    await page.getByRole('dialog').getByText('weekly', { exact: true }).click()
    await field(page, 'Time zone whose clock repeats it').fill('Europe/Berlin')
    await page.getByRole('checkbox', { name: 'line' }).check()
    await button(page, 'Plan it').click()
    await page.getByText('weekly, Europe/Berlin').waitFor()
    const [window] = await nightshift.client.call('windows.list')
    assert.deepEqual([window?.checks, window?.repeat, window?.active], [[made.id], 'weekly', false])
    await button(page, 'Remove').click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click()
    await until(async () => (await nightshift.client.call('windows.list')).length === 0, { because: 'the window is gone' })

    await page.goto(`${nightshift.api}/checks/${made.id}`)
    await button(page, 'Remove').click()
    await page.getByRole('dialog').getByText('the check and its history').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click()
    await page.waitForURL(/\/checks$/)
    assert.ok((await nightshift.client.call('checks.list')).every(({ id }) => id !== made.id))
    assertNone([...problems, ...unforeseen()])
  })

  test('a heartbeat has a schedule, and says when it is due', async () => {
    const { page } = visitor
    await page.goto(`${nightshift.api}/checks/new`)
    await field(page, 'Kind').selectOption('heartbeat')
    await field(page, 'name').fill('report')
    await field(page, 'schedule').fill('0 25 * * *')
    await field(page, 'timezone').fill('Europe/Berlin')
    assert.equal(await field(page, 'every').count(), 0, 'the schedule takes its place')
    await button(page, 'Make the check').click()
    await page.getByText(/must name the hour from 0 to 23/).first().waitFor()
    await field(page, 'schedule').fill('0 3 * * 1-5')
    await button(page, 'Make the check').click()
    await page.getByText('It waits for the first ping.').waitFor()
    await page.getByText('0 3 * * 1-5 (Europe/Berlin)').waitFor()
    const { ping } = await read(page)
    assert.equal((await fetch(ping?.url ?? '')).status, 200)
    await page.getByText(/^The next ping is due in/).waitFor()
    assert.match((await read(page)).dueAt ?? '', /T0[12]:00:00/)
    assertNone(unforeseen())
  })

  test('a check of a manifest says that it is changed there', async () => {
    await using preview = await bootPreview()
    await using visitor = await visit(browser, { ...wide, loginUrl: preview.loginUrl })
    const { page, errors } = visitor
    await page.goto(`${preview.url}/checks/chk_checkout`)
    await button(page, /^Change ?, not now: it stands in the manifest of shop, and is changed there$/).waitFor()
    await page.goto(`${preview.url}/checks/chk_checkout/edit`)
    await page.getByText('This check stands in the manifest of shop').waitFor()
    assert.equal(await button(page, 'Save').count(), 0)
    assertNone([...(await objections(page, 'a check of a manifest')), ...errors])
  })

  test('a dialog gives the focus back to what opened it, and two clicks ask once', async () => {
    const { page } = visitor
    await page.goto(`${nightshift.api}/settings`)
    await button(page, 'Make a token').click()
    await page.getByRole('dialog').getByLabel('Name').fill('ci of nobody')
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await until(async () => (await page.evaluate<string>('document.activeElement.textContent')) === 'Make a token', { because: 'the focus is back' })
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').getByLabel('Name').fill('ci')
    await button(page, 'Make it').dblclick()
    await page.getByText('Copy it now').waitFor()
    await button(page, 'I have it').click()
    await page.reload()
    await page.getByRole('button', { name: /^Revoke/ }).first().waitFor()
    assert.equal(await page.getByRole('button', { name: /^Revoke\s*ci/ }).count(), 1)
  })
})
