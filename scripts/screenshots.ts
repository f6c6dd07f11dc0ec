/**
 * Photographs every page of the console at 1440 and 390 px, at night and by day, into ./screenshots.
 * `node scripts/screenshots.ts [name…]` takes only the pages whose name begins so. Builds the console with its gallery,
 * into a folder of its own.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromiumPath, launchBrowser } from '../src/test/e2e/browser.ts'
import { type Room, crowdedRooms, rooms } from '../src/test/e2e/rooms.ts'
import { type SceneName, scenes } from './preview/scene.ts'
import { startPreview } from './preview/server.ts'

if (chromiumPath === undefined) throw new Error('no Chromium found (install one, or set CHROMIUM to its path)')
const only = process.argv.slice(2)
mkdirSync('screenshots', { recursive: true })
type Shot = Room & { scene?: SceneName }
const sizes = [
  { name: 'wide', width: 1440, height: 900 },
  { name: 'phone', width: 390, height: 844 },
]
const healing: Shot[] = [
  { name: 'healing-stopped', path: '/healing', ready: 'text=Healing is stopped', scene: 'stopped' },
  { name: 'healing-breaker', path: '/healing', ready: 'text=The breaker is open', scene: 'breaker' },
  { name: 'healing-quiet', path: '/healing', ready: 'text=A disk fills up', scene: 'quiet' },
  { name: 'healing-fresh', path: '/healing', ready: 'text=A disk fills up', scene: 'fresh' },
  { name: 'remediation-unknown', path: '/healing/rem_nothing', ready: 'role=alert' },
]
const extra: Shot[] = [
  { name: 'logs-refused', path: '/logs?q=level%3Eloud', ready: 'text=is not a level' },
  { name: 'quiet', path: '/', ready: 'h1', scene: 'quiet' },
  { name: 'fresh', path: '/', ready: 'h1', scene: 'fresh' },
  { name: 'fresh-apps', path: '/apps', ready: 'h1', scene: 'fresh' },
  { name: 'fresh-map', path: '/map', ready: 'h1', scene: 'fresh' },
  { name: 'gallery', path: '/_gallery', ready: 'text=Escape codes' },
  { name: 'login', path: '/login', ready: 'h1' },
]
const crowded: Shot[] = crowdedRooms.flatMap((room) => (['some', 'many'] as const).map((scene) => ({ ...room, name: `${scene}-${room.name}`, ready: scene === 'some' ? 'h1' : room.ready, scene })))
const more: Shot[] = [
  { name: 'some-healing', path: '/healing', ready: 'text=A disk fills up', scene: 'some' },
  { name: 'many-healing', path: '/healing', ready: 'text=A disk fills up', scene: 'many' },
  { name: 'many-graphs-instance', path: '/graphs?by=instance&compare=1d', ready: '.uplot canvas', scene: 'many' },
  { name: 'many-graphs-machine', path: '/graphs?board=machine', ready: '.uplot canvas', scene: 'many' },
  { name: 'many-machines', path: '/machines', ready: 'text=node-20', scene: 'many' },
]
const wanted = ([...rooms, ...healing, ...extra, ...crowded, ...more] as Shot[]).filter((room) => only.length === 0 || only.some((name) => room.name.startsWith(name)))
const consoleDir = mkdtempSync(join(tmpdir(), 'nightshift-gallery-'))
const root = join(import.meta.dirname, '..')
spawnSync(process.execPath, [join(root, 'node_modules/vite/bin/vite.js'), 'build', join(root, 'console'), '--mode', 'gallery', '--outDir', consoleDir, '--emptyOutDir', '--logLevel', 'warn'], { cwd: root, stdio: 'inherit' })
const browser = await launchBrowser()
try {
  for (const scene of scenes) {
    const here = wanted.filter((room) => (room.scene ?? 'night') === scene)
    if (here.length === 0) continue
    const target = await startPreview({ scene, consoleDir })
    for (const size of sizes) {
      for (const colorScheme of ['dark', 'light'] as const) {
        const context = await browser.newContext({ viewport: size, colorScheme, deviceScaleFactor: size.name === 'phone' ? 2 : 1, isMobile: size.name === 'phone', hasTouch: size.name === 'phone' })
        const page = await context.newPage()
        page.on('pageerror', (error) => console.error(`${size.name}: ${error.message}`))
        page.on('console', (message) => message.type() === 'error' && console.error(`${size.name} ${page.url()}: ${message.text()}`))
        await page.goto(target.loginUrl)
        await page.waitForURL(`${target.url}/`)
        for (const room of here) {
          const name = `screenshots/${room.name}-${size.name}-${colorScheme === 'dark' ? 'night' : 'day'}.png`
          try {
            await page.goto(target.url + room.path)
            await page.waitForSelector(room.ready, { timeout: 6000 })
            await page.waitForTimeout(500)
          } catch (error) {
            console.error(`${room.name}: ${String(error).split('\n')[0]}`)
          }
          await page.screenshot({ path: name, fullPage: !room.path.includes('logs') && !room.path.startsWith('/map') && !room.path.includes('terminal') })
        }
        await context.close()
      }
    }
    await target.close()
  }
} finally {
  await browser.close()
  rmSync(consoleDir, { recursive: true, force: true })
}
