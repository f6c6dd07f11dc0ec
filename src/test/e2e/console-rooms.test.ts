/** Every page, in both themes and on a phone: nothing axe objects to, nothing in the console, nothing wider than the screen. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { assertNone, objections, skipWithoutChromium, tooWide, wide } from './browser.ts'
import { type Room, crowdedRooms, rooms } from './rooms.ts'
import { openSite } from './site.ts'
import { type ConsoleTarget, bootPreview } from './target.ts'

describe('every page of the console', { skip: skipWithoutChromium }, () => {
  const site = openSite(bootPreview)

  /** One load of each room: by night, by day (whose colours alone are others), and on a phone. */
  async function walk({ url, loginUrl }: ConsoleTarget, those: readonly Room[]): Promise<{ problems: (string | undefined)[]; titles: Set<string> }> {
    // a theme that fades in would be looked at half way
    await using visitor = await site.signedIn({ colorScheme: 'dark', reducedMotion: 'reduce', loginUrl })
    const { page, errors } = visitor
    const problems: (string | undefined)[] = []
    const titles = new Set<string>()
    for (const room of those) {
      await page.emulateMedia({ colorScheme: 'dark' })
      await page.setViewportSize(wide.viewport)
      await page.goto(url + room.path)
      await page.locator(room.ready).first().waitFor()
      if ((await page.getByRole('heading', { level: 1 }).count()) !== 1) problems.push(`${room.name} has not one heading`)
      titles.add(await page.title())
      problems.push(...(await objections(page, room.name)))
      await page.emulateMedia({ colorScheme: 'light' })
      problems.push(...(await objections(page, `${room.name} by day`, 'colours')))
      problems.push(await tooWide(page, room.name), ...(await objections(page, `${room.name} on a phone`)))
    }
    return { problems: [...problems, ...errors], titles }
  }

  test('can be read by everybody, has a title and one heading, fits a phone, and says nothing to the console', async () => {
    const { problems, titles } = await walk(site.target, rooms)
    assert.ok(titles.size >= 15, `pages name themselves: ${[...titles].join(', ')}`)
    assertNone(problems)
  })

  test('can be read with three hundred services too', async () => {
    await using many = await bootPreview('many')
    assertNone((await walk(many, crowdedRooms)).problems)
  })

  test('dialogs and menus can be read by everybody too', async () => {
    await using visitor = await site.signedIn({ colorScheme: 'dark' })
    const { page, errors } = visitor
    const problems: (string | undefined)[] = []
    await page.goto(`${site.url}/apps/shop`)
    await page.getByRole('button', { name: 'api.2: ready' }).click()
    await page.getByRole('dialog', { name: 'Instance api.2' }).waitFor()
    problems.push(...(await objections(page, 'an instance')))
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+k')
    await page.getByRole('dialog').getByRole('combobox').waitFor()
    problems.push(...(await objections(page, 'the palette')))
    await page.keyboard.press('Escape')
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    problems.push(...(await objections(page, 'the keys')))
    await page.keyboard.press('Escape')
    await page.goto(`${site.url}/apps/shop/releases`)
    await page.getByRole('button', { name: 'Roll back to v15' }).click()
    await page.getByRole('dialog', { name: /Roll shop back/ }).waitFor()
    problems.push(...(await objections(page, 'roll back')))
    assertNone([...problems, ...errors])
  })

  test('what is empty teaches the first step', async () => {
    await using fresh = await bootPreview('fresh')
    await using visitor = await site.signedIn({ loginUrl: fresh.loginUrl })
    const { page, errors } = visitor
    const problems: (string | undefined)[] = []
    for (const path of ['/', '/apps', '/map', '/deploy', '/logs']) {
      await page.goto(fresh.url + path)
      if (path !== '/logs') await page.getByText(/nightshift deploy/).first().waitFor()
      else await page.getByText('No lines yet.').waitFor()
      problems.push(...(await objections(page, `${path} with nothing deployed`)))
    }
    assertNone([...problems, ...errors])
  })
})
