/** What is shipped: how much a first visit loads, what it must not hold, and whether its colours can be read. */
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { buildConsole } from '../../../scripts/console-build.ts'

const folder = join(import.meta.dirname, '../../../console')
const dist = join(folder, 'dist')

before(async () => {
  await buildConsole()
})

test('a first visit loads less than 250 kB', () => {
  const html = readFileSync(join(dist, 'index.html'), 'utf8')
  const entry = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((match) => match[1] as string)
  const files = new Set<string>(entry)
  // what the entry imports by itself, not what it loads later
  for (const file of files) {
    if (!file.endsWith('.js')) continue
    for (const [, name] of readFileSync(join(dist, file), 'utf8').matchAll(/(?:from|import)\s*"\.\/([^"]+)"/g)) files.add(`/assets/${name}`)
  }
  const loaded = [...files].map((file) => {
    const content = readFileSync(join(dist, file))
    return { file, bytes: file.endsWith('.woff2') ? content.length : gzipSync(content).length }
  })
  const total = loaded.reduce((sum, one) => sum + one.bytes, 0)
  assert.ok(total < 250_000, `${total} bytes: ${loaded.map((one) => `${one.file} ${one.bytes}`).join(', ')}`)
  assert.ok(total > 50_000, 'the entry was found')
})

test('neither schemas nor the gallery are shipped, and nothing runs inline', () => {
  const names = readdirSync(join(dist, 'assets'))
  assert.ok(!names.some((name) => name.startsWith('gallery')), 'no gallery')
  for (const name of names.filter((one) => one.endsWith('.js'))) assert.ok(!readFileSync(join(dist, 'assets', name), 'utf8').includes('ZodError'), `${name} holds zod`)
  assert.doesNotMatch(readFileSync(join(dist, 'index.html'), 'utf8'), /<script(?![^>]*\bsrc=)[^>]*>/)
})

test('text has a contrast of 7 to 1 on every ground, marks and borders of 3 to 1, at night and by day', () => {
  const css = readFileSync(join(folder, 'src/styles/tokens.css'), 'utf8')
  const grounds = ['paper', 'sheet', 'well', 'hover', 'accent-wash', 'amber-wash', 'red-wash']
  const needs: [string, number][] = [['ink', 7], ['ink-soft', 7], ['accent', 7], ['healthy', 7], ['amber', 7], ['red', 7], ['violet', 7], ['healthy-mark', 3], ['amber-mark', 3], ['red-mark', 3], ['rule-strong', 3]]
  for (const theme of [1, 2]) {
    const color = (name: string) => new RegExp(`--${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(css)?.[theme] ?? assert.fail(`no --${name}`)
    for (const [name, ratio] of needs) for (const ground of grounds) assert.ok(contrast(color(name), color(ground)) >= ratio, `${name} on ${ground} (${theme === 1 ? 'day' : 'night'}): ${contrast(color(name), color(ground)).toFixed(2)}`)
    assert.ok(contrast(color('on-accent'), color('accent')) >= 7)
  }
})

/** WCAG 2.2, relative luminance and contrast ratio. */
function contrast(a: string, b: string): number {
  const luminance = (hex: string) => {
    const [r, g, bl] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)) as [number, number, number]
    return 0.2126 * r + 0.7152 * g + 0.0722 * bl
  }
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}
