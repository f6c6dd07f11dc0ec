/** A real Chromium, and pages in it that remember what went wrong. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, type BrowserContextOptions, type Page, chromium } from 'playwright-core'
import { until } from '#test/harness/wait.ts'

const candidates = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome']

/** Path of a Chromium on this machine; undefined where there is none. */
export const chromiumPath = candidates.find((path) => path !== undefined && existsSync(path))

/** For `node:test`: the reason why browser tests are skipped here, or false. */
export const skipWithoutChromium = chromiumPath === undefined ? 'no Chromium on this machine: the console is not tested in a browser' : false

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath as string,
    args: ['--no-sandbox', '--headless', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  })
}

export const wide = { viewport: { width: 1440, height: 900 } } satisfies BrowserContextOptions
export const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true } satisfies BrowserContextOptions

export type Visit = AsyncDisposable & { page: Page; /** Errors of the page and of its console since the visit began. */ errors: string[] }

/** A fresh visitor. Where `loginUrl` is given, one who has signed in and looks at Tonight. */
export async function visit(browser: Browser, { loginUrl, ...options }: BrowserContextOptions & { loginUrl?: string }): Promise<Visit> {
  const context = await browser.newContext(options)
  context.setDefaultTimeout(30_000) // a page that is not there on a busy machine of two cores is late, not wrong
  const page = await context.newPage()
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(`${page.url()}: ${error.message}`))
  // a bridge or namespace that another test makes is a network change to Chromium, which then asks again
  const isOurs = (text: string) => !text.includes('ERR_NETWORK_CHANGED')
  page.on('console', (message) => message.type() === 'error' && isOurs(message.text()) && errors.push(`${page.url()}: ${message.text()}`))
  if (loginUrl !== undefined) await signIn(page, loginUrl)
  return { page, errors, [Symbol.asyncDispose]: () => context.close() }
}

/** Opens the link until Tonight is there: a network change (see above) may have torn the first try. */
async function signIn(page: Page, loginUrl: string): Promise<void> {
  const home = new URL('/', loginUrl).href
  for (let tries = 1; ; tries++) {
    try {
      await page.goto(loginUrl)
      await page.waitForURL(home, { timeout: 10_000 })
      return await page.getByRole('heading', { level: 1 }).waitFor()
    } catch (error) {
      if (tries === 3) throw new Error(`could not sign in; the page says: ${await page.locator('body').innerText()}`, { cause: error })
    }
  }
}

/**
 * Waits until nothing that was begun is still loading, then asks axe; each objection in a few lines. `about` colours: only the rules that
 * another theme can break.
 */
export async function objections(page: Page, where: string, about: 'everything' | 'colours' = 'everything'): Promise<string[]> {
  const skeletons = page.locator('[role=status][aria-label^=Loading]')
  await until(async () => (await skeletons.count()) === 0, { because: `${where} has loaded` })
  // there are no frames: asked in the page itself, without the blank page that the default opens for each answer
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'], ...(about === 'colours' ? { runOnly: { type: 'tag', values: ['cat.color'] } } : {}) })
  const { violations } = await axe.analyze()
  return violations.map((one) => `${where}: ${one.id} (${one.impact}): ${one.help}\n${one.nodes.slice(0, 3).map((node) => `    ${node.html.slice(0, 180)}\n      ${node.failureSummary?.split('\n').slice(1, 3).join('; ')}`).join('\n')}`)
}

/** Makes the window a phone's and answers how much too wide the page is for it, in words; undefined once it fits. */
export async function tooWide(page: Page, where: string): Promise<string | undefined> {
  await page.setViewportSize(phone.viewport)
  let found: string | undefined
  const fits = async () => {
    const [content, screen] = await page.evaluate<[number, number]>('[document.documentElement.scrollWidth, innerWidth]')
    found = content > screen ? `${where} is ${content} px wide on a screen of ${screen}` : undefined
    return found === undefined
  }
  await until(fits, { timeoutMs: 3000, because: `${where} fits` }).catch(() => {})
  return found
}

/** Fails with everything at once. */
export function assertNone(problems: readonly (string | undefined)[]): void {
  const found = problems.filter((problem) => problem !== undefined)
  assert.ok(found.length === 0, `${found.length} problems:\n${found.join('\n')}`)
}

/** Goes to a room with `g` and its key, again where the machine was too slow between the two. */
export async function goWithKeys(page: Page, key: string, path: RegExp): Promise<void> {
  await until(
    async () => {
      await page.keyboard.press('g')
      await page.keyboard.press(key)
      return page.waitForURL(path, { timeout: 3000 }).then(() => true)
    },
    { because: `g ${key} goes to ${path}` },
  )
}

/** In the page: the name of what has the focus, and whether that can be seen. (A string: the tests have no DOM types.) */
const focusedName = `(() => {
  const element = document.activeElement
  if (!element) return ''
  const label = (element.getAttribute('aria-label') ?? element.textContent ?? '').trim()
  const isVisible = getComputedStyle(element).outlineStyle !== 'none' || element.matches('input, main, [role=dialog], [role=option]')
  return isVisible ? label : label + ' (focus is not visible)'
})()`

/** Moves with Tab until the focused thing has this name; fails after too many steps. */
export async function tabTo(page: Page, name: RegExp, { backwards = false, within = 120 } = {}): Promise<void> {
  const seen: string[] = []
  for (let step = 0; step < within; step++) {
    await page.keyboard.press(backwards ? 'Shift+Tab' : 'Tab')
    const focused = await page.evaluate<string>(focusedName)
    seen.push(focused)
    if (name.test(focused)) return
  }
  assert.fail(`Tab never reached ${name}; it went through: ${seen.join(' | ')}`)
}
