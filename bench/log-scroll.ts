/**
 * The log view of the console with 100 000 lines in a real Chromium: frames while it stands
 * still (what the machine can do) and while it scrolls by 66 lines a frame. A frame counts as late when the one before it is more than 25 ms away (one and a half of 60 a second).
 * `npm run build:console` first.
 */
import { launchBrowser, visit, wide } from '../src/test/e2e/browser.ts'
import { startPreview } from '../scripts/preview/server.ts'

const lines = 100_000

/** Runs in the page for five seconds: the gaps between its frames. */
const framesWhile = (move: string) => `(async () => {
  const list = document.querySelector('[role=listbox][aria-label="Log lines"]')
  const gaps = []
  let last = performance.now()
  const started = last
  while (performance.now() - started < 5000) {
    await new Promise((resolve) => requestAnimationFrame(resolve))
    const now = performance.now()
    gaps.push(now - last)
    last = now
    ${move}
  }
  return gaps.slice(3)
})()`

function frames(gaps: number[]): Record<string, number> {
  gaps.sort((a, b) => a - b)
  const at = (share: number) => Math.round((gaps[Math.floor(gaps.length * share)] as number) * 10) / 10
  return { perSecond: Math.round((gaps.length / gaps.reduce((sum, gap) => sum + gap, 0)) * 1000), p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), late: gaps.filter((gap) => gap > 25).length }
}

export async function runLogScroll(): Promise<void> {
  const [browser, target] = await Promise.all([launchBrowser(), startPreview()])
  try {
    await using visitor = await visit(browser, { ...wide, loginUrl: target.loginUrl })
    const { page } = visitor
    await page.goto(`${target.url}/logs?app=shop`)
    await page.getByRole('listbox', { name: 'Log lines' }).waitFor()
    for (let sent = 0; sent < lines; sent += 5000) {
      for (let nth = sent; nth < sent + 5000; nth++)
        target.world.say({ at: new Date().toISOString(), app: 'shop', environment: 'production', service: 'web', instance: 'web.1', release: 17, stream: 'stdout', level: nth % 50 === 0 ? 'error' : 'info', text: nth % 3 === 0 ? JSON.stringify({ msg: 'answered', route: '/cart', status: 200, nth }) : `line ${nth} of many` })
      await page.getByText(`line ${sent + 4999 - ((sent + 4999) % 3 === 0 ? 1 : 0)} of many`, { exact: true }).waitFor()
    }
    await page.keyboard.press('p')
    const held = Number(/(\d+) lines/.exec((await page.getByText(/^\d+ lines$/).textContent()) ?? '')?.[1])
    const still = frames(await page.evaluate<number[]>(framesWhile('')))
    const scrolling = frames(await page.evaluate<number[]>(framesWhile('list.scrollTop -= 1400')))
    process.stdout.write(`${JSON.stringify({ held, still, scrolling }, null, 2)}\n`)
  } finally {
    await browser.close()
    await target.close()
  }
}
