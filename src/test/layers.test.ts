/**
 * The import direction of ARCHITECTURE.md, proved on every file. A finding names the file, the import and the rule; the way
 * out is to move the code, or to tell the upper floor by an event on the journal.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'

const src = join(import.meta.dirname, '..')

/** Each may import itself and what stands before it. */
const floors = ['base', 'contract', 'kernel', 'people', 'run', 'watch', 'heal', 'wake', 'break', 'surfaces', 'app.ts', 'up', 'main.ts']
/** Floors made of capabilities, one folder a noun. */
const capabilityFloors = new Set(['people', 'run', 'watch', 'heal', 'wake', 'break'])
/** Beside the floors: what these may import, as path prefixes. */
const besides: Record<string, string[]> = {
  drivers: ['base/', 'contract/', 'drivers/'],
  'data-plane': ['base/', 'contract/', 'data-plane/'],
  'data-plane/agent': ['base/', 'contract/', 'data-plane/', 'drivers/task/', 'drivers/check/', 'kernel/log.ts'],
  cli: ['base/', 'contract/', 'cli/'],
}
/** A floor may use a driver's port; only compositions choose drivers. */
const choosesDrivers = new Set(['app.ts', 'up', 'main.ts'])

type Import = { file: string; target: string; text: string }

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .filter((file) => !file.endsWith('.d.ts'))
const isTest = (file: string) => file.endsWith('.test.ts') || file.startsWith('test/') || /(^|\/)(test|testing|test-harness)(\/|\.ts$)/.test(file)
const product = files.filter((file) => !isTest(file))
const textOf = new Map(files.map((file) => [file, withoutComments(readFileSync(join(src, file), 'utf8'))]))

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
}

function importsOf(file: string): Import[] {
  const found: Import[] = []
  for (const match of (textOf.get(file) ?? '').matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)) {
    const text = match[1] as string
    if (text.startsWith('#')) found.push({ file, target: text.slice(1), text })
    else if (text.startsWith('.')) found.push({ file, target: relative(src, join(src, dirname(file), text)), text })
  }
  return found
}

const topOf = (path: string) => path.split('/')[0] as string
/** What `./` and `../` may not leave: a capability, a surface, or a whole top folder. */
function unitOf(path: string): string {
  const [top = '', second = ''] = path.split('/')
  return (capabilityFloors.has(top) || top === 'surfaces') && second !== '' && !second.endsWith('.ts') ? `${top}/${second}` : top
}

function directionFault({ file, target, text }: Import): string | undefined {
  const top = topOf(file)
  const own = besides[file.split('/').slice(0, 2).join('/')] ?? besides[top]
  if (own) return own.some((prefix) => target.startsWith(prefix)) ? undefined : `${file} imports ${text}: ${top} may import only ${own.join(', ')}`
  const floor = floors.indexOf(top)
  if (floor === -1) return `${file}: no floor is called ${top} (see "where do I put" in ARCHITECTURE.md)`
  const targetTop = topOf(target)
  if (targetTop === 'drivers') {
    if (choosesDrivers.has(top) || target.endsWith('/port.ts')) return undefined
    return `${file} imports ${text}: a floor may use a driver's port.ts; app.ts and up choose the driver`
  }
  if (targetTop === 'data-plane' || targetTop === 'cli') return choosesDrivers.has(top) ? undefined : `${file} imports ${text}: only app.ts, up and main.ts start ${targetTop}`
  const at = floors.indexOf(targetTop)
  return at !== -1 && at <= floor ? undefined : `${file} imports ${text}: ${targetTop} stands above ${top}`
}

function relativeFault({ file, target, text }: Import): string | undefined {
  if (!text.startsWith('.') || unitOf(target) === unitOf(file) || target.startsWith(`${dirname(file)}/`)) return undefined
  return `${file} imports ${text}: ./ and ../ stay inside ${unitOf(file)}; write '#${target}'`
}

/**
 * Another capability's store is its own secret; its service is called by surfaces and compositions only. A composition is
 * app.ts, or a file that stands directly in a floor's folder and wires that floor (`watch/watch.ts`, `watch/intake.ts`).
 */
function capabilityFault({ file, target, text }: Import): string | undefined {
  if (file.split('/').length === 2 && topOf(file) === topOf(target)) return undefined
  if (!capabilityFloors.has(topOf(target)) || unitOf(target) === unitOf(file)) return undefined
  const name = target.split('/').at(-1) as string
  if (/(^|-)store\.ts$/.test(name)) return `${file} imports ${text}: a store belongs to its capability; ask its read.ts`
  if (/(^|-)service\.ts$/.test(name) && capabilityFloors.has(topOf(file))) return `${file} imports ${text}: a capability does not command another; tell it by an event, or compose in app.ts`
  return undefined
}

function faultsOf(rule: (one: Import) => string | undefined): string[] {
  return product.flatMap(importsOf).flatMap((one) => rule(one) ?? [])
}

test('imports go one way: base ← contract ← kernel ← people ← run ← watch ← heal ← wake ← break ← surfaces ← app ← up', () => {
  assert.ok(product.length > 100, 'the walk found the source')
  assert.deepEqual(faultsOf(directionFault), [])
})

test('a relative import stays inside its folder, # crosses a boundary', () => {
  assert.deepEqual(faultsOf(relativeFault), [])
})

test('no capability reaches into the store or the service of another', () => {
  assert.deepEqual(faultsOf(capabilityFault), [])
})

test('every import of ours names a file that exists, with its ending', () => {
  const known = new Set(files)
  const missing = files
    .filter((file) => file !== 'test/layers.test.ts' && file !== 'kernel/supervisor/supervisor.test.ts')
    .flatMap(importsOf)
    .filter(({ target }) => target.endsWith('.ts') && !target.startsWith('..') && !known.has(target))
  assert.deepEqual(missing.map(({ file, text }) => `${file} imports ${text}`), [])
})

test('exports have names and a home: no default exports, no barrels', () => {
  const faults = product.flatMap((file) => {
    const text = textOf.get(file) ?? ''
    if (/^export default\b/m.test(text)) return [`${file} has a default export`]
    if (/^export \* from/m.test(text)) return [`${file} exports all of another file`]
    const statements = text.match(/^(export|import|const|function|class|let|type|async)\b.*$/gm) ?? []
    const isBarrel = statements.length > 0 && statements.every((line) => /^export (type )?\{.*\} from/.test(line))
    return isBarrel ? [`${file} only passes on what others export`] : []
  })
  assert.deepEqual(faults, [])
})

/** Only these know tables: the kernel's own, and the files that a capability keeps for it. */
function sqlFault(file: string, text: string): string | undefined {
  if (topOf(file) === 'kernel' || /(^|[/-])(store|commands|read|read-[a-z]+)\.ts$/.test(file)) return undefined
  const found = /[`'"]\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\s/.exec(text)
  return found ? `${file} holds SQL (${found[1]}): it belongs in the capability's store.ts, commands.ts or read*.ts` : undefined
}

test('SQL stands in store, commands and read files only', () => {
  assert.deepEqual(product.flatMap((file) => sqlFault(file, textOf.get(file) ?? '') ?? []), [])
})

test('the rules can fail: each finds a made-up offence', () => {
  assert.match(sqlFault('run/builds/service.ts', "db.maybe('SELECT 1 FROM builds')") ?? '', /belongs in/)
  assert.match(directionFault({ file: 'kernel/loop.ts', target: 'run/apps/read.ts', text: '#run/apps/read.ts' }) ?? '', /stands above/)
  assert.match(directionFault({ file: 'data-plane/proxy/run.ts', target: 'kernel/db/db.ts', text: '#kernel/db/db.ts' }) ?? '', /may import only/)
  assert.match(directionFault({ file: 'run/apps/read.ts', target: 'drivers/task/index.ts', text: '#drivers/task/index.ts' }) ?? '', /port\.ts/)
  assert.match(directionFault({ file: 'utils/x.ts', target: 'base/ids.ts', text: '#base/ids.ts' }) ?? '', /no floor/)
  assert.match(relativeFault({ file: 'run/apps/read.ts', target: 'run/builds/read.ts', text: '../builds/read.ts' }) ?? '', /#run\/builds/)
  assert.match(capabilityFault({ file: 'watch/logs/read.ts', target: 'run/apps/store.ts', text: '#run/apps/store.ts' }) ?? '', /belongs to its capability/)
  assert.match(capabilityFault({ file: 'run/rollouts/loop.ts', target: 'run/builds/service.ts', text: '#run/builds/service.ts' }) ?? '', /does not command/)
  assert.equal(capabilityFault({ file: 'surfaces/git/door.ts', target: 'run/builds/service.ts', text: '#run/builds/service.ts' }), undefined)
})
