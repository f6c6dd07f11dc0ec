/** What stands around the tests of one `describe`: a browser and something to look at, there before the first and gone after the last. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, before } from 'node:test'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { type Visit, launchBrowser, visit, wide } from './browser.ts'
import type { ConsoleTarget } from './target.ts'

export type Site<Target extends ConsoleTarget> = {
  /** From the first test on. */
  readonly target: Target
  /** Base URL of the console. */
  readonly url: string
  /** Somebody new, signed in, with a wide screen unless `options` says otherwise; `loginUrl` signs in another one. */
  signedIn(options?: BrowserContextOptions & { loginUrl?: string }): Promise<Visit>
  stranger(): Promise<Visit>
}

export function openSite<Target extends ConsoleTarget>(boot: () => Promise<Target>): Site<Target> {
  let browser: Browser | undefined
  let target: Target | undefined
  before(async () => {
    assert.ok(existsSync(join(import.meta.dirname, '../../../console/dist/index.html')), 'the console is not built: npm run build:console')
    browser = await launchBrowser()
    target = await boot()
  })
  after(async () => {
    await browser?.close()
    await target?.[Symbol.asyncDispose]()
  })
  const there = () => target as Target
  return {
    get target() {
      return there()
    },
    get url() {
      return there().url
    },
    signedIn: (options = {}) => visit(browser as Browser, { ...wide, loginUrl: there().loginUrl, ...options }),
    stranger: () => visit(browser as Browser, wide),
  }
}
