/** What the browser tests run against, and the browser itself. The target is the console's preview: its server half is real, its world is made up. */
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'
import { startPreview } from '../../../scripts/preview/server.ts'

export type ConsoleTarget = {
  /** Base URL of the console. */
  url: string
  /** A link that signs in. */
  loginUrl: string
  close(): Promise<void>
}

export async function bootConsoleTarget(scene: 'night' | 'quiet' | 'fresh' = 'night'): Promise<ConsoleTarget> {
  return startPreview({ scene })
}

const candidates = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome']

/** Path of a Chromium on this machine; undefined where there is none. */
export const chromiumPath = candidates.find((path) => path !== undefined && existsSync(path))

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath as string,
    args: ['--no-sandbox', '--headless', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  })
}
