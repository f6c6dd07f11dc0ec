/** What the documents say and a program can check: links, commands and flags, files, manifests, generated parts. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, test } from 'node:test'
import { isAppError } from '#base/errors.ts'
import { flagRows } from '#cli/help.ts'
import { type Entry, entries } from '#cli/tree.ts'
import { endpointTables } from '#contract/api-reference.ts'
import { withGeneratedPart } from '#contract/generated-part.ts'
import { manifestJsonSchema, manifestTables } from '#contract/manifest-reference.ts'
import { parseManifest } from '#run/manifest/parse.ts'
import { usageOf } from '#up/options.ts'

const root = join(import.meta.dirname, '..', '..')
const markdown = (folder: string) => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md')).map((name) => join(folder, name))
const pages = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', ...markdown('docs'), ...markdown('examples')].map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }))
const pageOf = (file: string) => readFileSync(join(root, file), 'utf8')

type Fence = { language: string; text: string }
function fencesOf(text: string): Fence[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)].map(([, language = '', body = '']) => ({ language, text: body }))
}
const withoutFences = (text: string) => text.replaceAll(/^```[\s\S]*?^```/gm, '')
const codeSpans = (text: string) => [...withoutFences(text).matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span)

/** As GitHub makes them. */
function anchorsOf(text: string): Set<string> {
  const headings = [...withoutFences(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => heading)
  return new Set(headings.map((heading) => heading.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').trim().replaceAll(' ', '-')))
}

function brokenLinks({ file, text }: { file: string; text: string }): string[] {
  const targets = [...withoutFences(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
  return targets.flatMap((target) => {
    if (/^[a-z]+:/.test(target)) return []
    const [path = '', anchor] = target.split('#')
    const place = path === '' ? file : relative(root, join(root, dirname(file), path))
    if (!existsSync(join(root, place))) return [`${file}: ${target} does not exist`]
    return anchor !== undefined && !anchorsOf(pageOf(place)).has(anchor) ? [`${file}: ${place} has no heading #${anchor}`] : []
  })
}

/** Everything of the form `nightshift …` that a reader might type: of code spans, and of the lines of code blocks. */
function commandLines(text: string): string[] {
  const lines = fencesOf(text).filter(({ language }) => ['', 'sh', 'yaml'].includes(language)).flatMap((fence) => fence.text.split('\n'))
  return [...lines, ...codeSpans(text)].flatMap((line) => [...line.matchAll(/(?<!git push )(?<!-U )(?<=^|[\s(/])nightshift ((?:-{0,2}[a-z]).*)$/g)].flatMap(([, rest = '']) => rest.split(/ && nightshift /)))
}

async function commandFault(line: string): Promise<string | undefined> {
  const [ours = ''] = line.split(/ -- | #|  |[;|·]|\)$/)
  const words = ours.trim().split(/\s+/)
  const [first = '', second = ''] = words
  if (first.startsWith('-')) return undefined
  const entry: Entry | undefined = entries.get(first)
  if (entry === undefined) return `there is no command "nightshift ${first}"`
  const flags = words.flatMap((word) => /^--[a-z][a-z-]*/.exec(word) ?? [])
  if (entry.kind === 'process') return unknownFlag(flags, `${usageOf(first)} --help`, line)
  const isVerb = entry.kind === 'group' && Object.hasOwn(entry.verbs, second)
  if (entry.kind === 'group' && !isVerb && entry.open !== true && (/^[a-z][a-z-]*$/.test(second) || entry.standard === undefined)) return `"nightshift ${first}" has no "${second}"`
  const leaf = entry.kind === 'command' ? entry : entry.verbs[isVerb ? second : (entry.standard as string)]
  const command = await leaf?.load()
  return command === undefined ? undefined : unknownFlag(flags, `${flagRows(command).map((flag) => flag.usage).join(' ')} --help --json`, line)
}

function unknownFlag(flags: readonly string[], known: string, line: string): string | undefined {
  const unknown = flags.find((flag) => !new RegExp(`${flag}(?![a-z-])`).test(known))
  return unknown === undefined ? undefined : `"nightshift ${line}" has no ${unknown}`
}

describe('documents', () => {
  test('every relative link leads to a file, and to a heading in it', () => {
    assert.ok(pages.length > 20, 'the pages were found')
    assert.deepEqual(pages.flatMap(brokenLinks), [])
    assert.match(brokenLinks({ file: 'docs/x.md', text: '[a](nowhere.md) [b](run.md#nothing)' }).join(), /nowhere\.md does not exist.*no heading #nothing/)
  })

  test('every command and flag that is named exists', async () => {
    const named = pages.flatMap(({ file, text }) => commandLines(text).map((line) => ({ file, line })))
    assert.ok(named.length > 100, `${named.length} commands were found`)
    const faults = await Promise.all(named.map(async ({ file, line }) => {
      const fault = await commandFault(line)
      return fault === undefined ? [] : [`${file}: ${fault}`]
    }))
    assert.deepEqual(faults.flat(), [])
    assert.match((await commandFault('deplyo')) ?? '', /no command/)
    assert.match((await commandFault('apps settigns')) ?? '', /has no "settigns"/)
    assert.match((await commandFault('logs --folow')) ?? '', /has no --folow/)
    assert.match((await commandFault('up --apps')) ?? '', /has no --apps/)
  })

  test('every command that a message of ours sends somebody to exists', () => {
    const sources = ['src', 'console/src'].flatMap((folder) => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)).filter((file) => /(?<!\.test)\.tsx?$/.test(file)))
    const named = sources.flatMap((file) => [...pageOf(file).matchAll(/(?<=[(;:>] ?)nightshift ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?/g)].map(([, first = '', second]) => ({ file, first, second })))
    assert.ok(named.length > 100, `${named.length} commands were found`)
    const faults = named.filter(({ first, second }) => {
      const entry = entries.get(first)
      return entry === undefined || (entry.kind === 'group' && second !== undefined && entry.open !== true && !Object.hasOwn(entry.verbs, second))
    })
    assert.deepEqual(faults, [])
  })

  test('every file of this repository that is named exists', () => {
    const ours = /^(?:src|docs|examples|scripts|console|bench|systemd|\.ci)\/[\w@./-]+$/
    const missing = pages.flatMap(({ file, text }) => codeSpans(text).filter((span) => ours.test(span) && !existsSync(join(root, span))).map((span) => `${file}: ${span}`))
    assert.deepEqual(missing, [])
  })

  test('every source file that the page of a folder names stands there, or where it says', () => {
    const stands = (folder: string, name: string) => {
      const places = [name, join('src', name.replace(/^#/, '')), join(folder, name)]
      return places.some((place) => existsSync(join(root, place))) || readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).some((file) => file.endsWith(`/${name}`))
    }
    const named = markdown('src').flatMap((page) => codeSpans(pageOf(page)).filter((span) => /^[\w@./#-]+\.tsx?$/.test(span)).map((name) => ({ page, name })))
    assert.ok(named.length > 100, `${named.length} files were found`)
    assert.deepEqual(named.filter(({ page, name }) => !stands(dirname(page), name)), [])
  })

  test('every whole manifest that is printed is valid', () => {
    const manifests = pages.flatMap(({ file, text }) => fencesOf(text).filter((fence) => fence.language === 'yaml' && /^services:/m.test(fence.text)).map((fence) => ({ file, text: fence.text })))
    assert.ok(manifests.length >= 2)
    for (const { file, text } of manifests) {
      try {
        parseManifest(text, file)
      } catch (error) {
        assert.fail(isAppError(error) ? error.message : String(error))
      }
    }
  })

  test('generated parts are what the sources say (npm run generate)', () => {
    assert.equal(pageOf('docs/manifest.schema.json'), manifestJsonSchema())
    const manifest = pageOf('docs/manifest.md')
    assert.equal(manifest, withGeneratedPart(manifest, 'keys', manifestTables()))
    const api = pageOf('docs/api.md')
    assert.equal(api, withGeneratedPart(api, 'endpoints', endpointTables()))
  })

  test('the README stays short', () => {
    const lines = pageOf('README.md').trimEnd().split('\n').length
    assert.ok(lines <= 150, `README.md has ${lines} lines`)
  })
})
