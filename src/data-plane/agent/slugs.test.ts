import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, readlink, realpath, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { Header, type HeaderData } from 'tar'
import { tempHome } from '#test/harness/home.ts'
import { createControlClient } from '../control-client.ts'
import { flushState, isFlushMark, markUnflushed } from './slug-flush.ts'
import { escapingLink } from './slug-links.ts'
import { openSlugs } from './slugs.ts'
import { makeSlug } from './testing/agent-world.ts'
import { controlEnd } from './testing/control.ts'
import { until } from './testing/helpers.ts'

type Entry = HeaderData & { path: string; content?: string }

/** A tar as no honest tool would write it. */
function tarOf(entries: readonly Entry[]): Buffer {
  const blocks: Buffer[] = []
  for (const { content = '', ...data } of entries) {
    const header = new Header({ mode: 0o644, uid: 0, gid: 0, mtime: new Date(0), type: 'File', ...data, size: content.length })
    const block = Buffer.alloc(512)
    header.encode(block, 0)
    blocks.push(block)
    if (content !== '') blocks.push(Buffer.concat([Buffer.from(content), Buffer.alloc((512 - (content.length % 512)) % 512)]))
  }
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]))
}

async function store(home: string, content: Buffer): Promise<{ digest: string; sizeBytes: number }> {
  const digest = createHash('sha256').update(content).digest('hex')
  const file = join(home, 'artifacts', `${digest}.tgz`)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, content)
  return { digest, sizeBytes: content.length }
}

test('a slug of this machine is unpacked once, read-only, under its digest', async () => {
  await using temporary = await tempHome()
  const { home } = temporary
  const ref = await makeSlug(home, { 'server.mjs': 'run()', 'bin/start': '#!/bin/sh' })
  const slugs = await openSlugs(home, null)
  const [one, two] = await Promise.all([slugs.ensure(ref), slugs.ensure(ref)])
  assert.equal(one, two)
  assert.equal(one, join(home, 'agent', 'slugs', ref.digest))
  assert.equal(await readFile(join(one, 'server.mjs'), 'utf8'), 'run()')
  assert.equal((await stat(join(one, 'server.mjs'))).mode & 0o777, 0o444)
  const folder = join(home, 'agent', 'slugs')
  await until(async () => (await readdir(folder)).length === 1, { because: 'it is flushed to the disk' })
  assert.deepEqual(await readdir(folder), [ref.digest])
})

test('a slug that was not flushed before the machine lost power is unpacked again', async () => {
  await using temporary = await tempHome()
  const { home } = temporary
  const ref = await makeSlug(home, { 'server.mjs': 'run()' })
  const folder = join(home, 'agent', 'slugs', ref.digest)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'server.mjs'), '')
  await writeFile(`${folder}.unflushed`, 'an earlier run of the machine')
  const slugs = await openSlugs(home, null)
  assert.equal(await readFile(join(await slugs.ensure(ref), 'server.mjs'), 'utf8'), 'run()')
})

test('the mark of a slug that is not flushed yet is there before the slug, and keeps nobody from using it', async () => {
  await using temporary = await tempHome()
  const { home } = temporary
  const ref = await makeSlug(home, { 'server.mjs': 'run()' })
  const slugs = await openSlugs(home, null)
  const folder = await slugs.ensure(ref)
  await writeFile(join(folder, 'still'), 'the same folder')
  await markUnflushed(folder)
  assert.equal(await slugs.ensure(ref), folder)
  assert.equal(await readFile(join(folder, 'still'), 'utf8'), 'the same folder')
  await until(async () => (await flushState(folder)) === 'flushed', { because: 'it is flushed after all' })
})

test('nobody can list which slugs are here, so that an app finds no other app\'s code', async () => {
  await using temporary = await tempHome()
  const folder = join(temporary.home, 'agent', 'slugs')
  await mkdir(folder, { recursive: true, mode: 0o755 })
  await openSlugs(temporary.home, null)
  assert.equal((await stat(folder)).mode & 0o777, 0o711)
})

test('a slug that is not on this machine comes from control', async () => {
  await using there = await tempHome()
  await using here = await tempHome()
  const ref = await makeSlug(there.home, { 'a.txt': 'from afar' })
  await using control = await controlEnd({ artifacts: join(there.home, 'artifacts') })
  const client = createControlClient(control.url, control.token)
  const slugs = await openSlugs(here.home, client)
  assert.equal(await readFile(join(await slugs.ensure(ref), 'a.txt'), 'utf8'), 'from afar')
  control.setAway(true)
  await assert.rejects(slugs.ensure({ digest: 'a'.repeat(64), sizeBytes: 1 }), /answered 503/)
  client.close()
})

test('a damaged slug is refused, and nothing of it stays', async () => {
  await using temporary = await tempHome()
  const { home } = temporary
  const ref = await makeSlug(home, { 'a.txt': 'x' })
  const file = join(home, 'artifacts', `${ref.digest}.tgz`)
  const content = await readFile(file)
  content[content.length - 1]! ^= 1
  await writeFile(file, content)
  const slugs = await openSlugs(home, null)
  await assert.rejects(slugs.ensure(ref), /is damaged/)
  const half = await store(home, (await readFile(file)).subarray(0, 40))
  await assert.rejects(slugs.ensure(half), /can't be unpacked/)
  assert.deepEqual(await readdir(join(home, 'agent', 'slugs')), [])
})

test('entries that have no place in a slug are refused by name, and nothing of the slug stays', async () => {
  await using temporary = await tempHome()
  const { home } = temporary
  const outside = join(home, 'outside.txt')
  await writeFile(outside, 'untouched')
  const slugs = await openSlugs(home, null)
  const tricks: Record<string, Entry[]> = {
    'an absolute path': [{ path: outside, content: 'owned' }],
    'a path above': [{ path: '../../outside.txt', content: 'owned' }],
    'a path that climbs later': [{ path: 'a/../../../outside.txt', content: 'owned' }],
    'an absolute link': [{ path: 'link', type: 'SymbolicLink', linkpath: '/etc/passwd' }],
    'a link above': [{ path: 'a/link', type: 'SymbolicLink', linkpath: '../../secret' }],
    'a file through a link': [{ path: 'link', type: 'SymbolicLink', linkpath: '../..' }, { path: 'link/outside.txt', content: 'owned' }],
    'a link over a link': [{ path: 'a/b/up', type: 'SymbolicLink', linkpath: '../..' }, { path: 'out', type: 'SymbolicLink', linkpath: 'a/b/up/../secret' }],
    'a hard link above': [{ path: 'hard', type: 'Link', linkpath: '../../outside.txt' }],
    'an absolute hard link': [{ path: 'hard', type: 'Link', linkpath: outside }],
    'a device': [{ path: 'null', type: 'CharacterDevice' }],
    'a block device': [{ path: 'disk', type: 'BlockDevice' }],
    'a pipe': [{ path: 'pipe', type: 'FIFO' }],
    'a link to the system': [{ path: 'x', type: 'SymbolicLink', linkpath: '/usr/bin/python3' }],
  }
  for (const [name, entries] of Object.entries(tricks)) {
    const ref = await store(home, tarOf([{ path: 'good.txt', content: 'fine' }, ...entries]))
    await assert.rejects(slugs.ensure(ref), { name: 'AppError', code: 'invalid' }, name)
  }
  assert.equal(await readFile(outside, 'utf8'), 'untouched')
  assert.deepEqual(await readdir(join(home, 'agent', 'slugs')), [])
})

test('links within the slug are fine', async () => {
  await using temporary = await tempHome()
  const { home } = temporary
  const slugs = await openSlugs(home, null)
  const ref = await store(home, tarOf([
    { path: 'node_modules/.bin/tool', type: 'SymbolicLink', linkpath: '../tool/cli.js' },
    { path: 'node_modules/tool/cli.js', content: 'go' },
    { path: 'dangling', type: 'SymbolicLink', linkpath: './later/made' },
  ]))
  const path = await slugs.ensure(ref)
  assert.equal(await readFile(join(path, 'node_modules/.bin/tool'), 'utf8'), 'go')
  assert.equal(await readlink(join(path, 'dangling')), './later/made')
})

test('the check of links agrees with the kernel', async () => {
  await using temporary = await tempHome()
  const root = join(temporary.home, 'deep', 'tree')
  const part = fc.constantFrom('a', 'b', 'c', '..', '.')
  const target = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'))
  let round = 0
  let inside = 0
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.constantFrom('x', 'a/x', 'a/b/x', 'y', 'b/y'), target, { minKeys: 1, maxKeys: 4 }), async (raw) => {
      const links = new Map(Object.entries(raw).map(([path, to]) => [path, to.replaceAll('c', round % 2 ? 'x' : 'y')]))
      const top = join(root, String(round++))
      for (const folder of ['a/b', 'b/a', 'a/a', 'b/b']) await mkdir(join(top, folder), { recursive: true })
      for (const [path, to] of links) await symlink(to, join(top, path))
      if (escapingLink(links) !== null) return
      inside++
      for (const path of links.keys()) {
        const real = await realpath(join(top, path)).catch(() => top)
        assert.ok(real === top || real.startsWith(`${top}/`), `${path} -> ${links.get(path)} is ${real}`)
      }
    }),
    { numRuns: 150 },
  )
  assert.ok(inside > 10, `${inside} of ${round} trees lead nowhere`)
})

test('unused slugs go, but not the newest few and none in use', async () => {
  await using temporary = await tempHome()
  const { home } = temporary
  const slugs = await openSlugs(home, null)
  const digests: string[] = []
  for (let i = 0; i < 8; i++) {
    const ref = await makeSlug(home, { 'a.txt': String(i) })
    const path = await slugs.ensure(ref)
    await utimes(path, new Date(2020, 0, i + 1), new Date(2020, 0, i + 1))
    digests.push(ref.digest)
  }
  assert.deepEqual((await slugs.collect(new Set([digests[0]!]))).toSorted(), [digests[1]!, digests[2]!].toSorted())
  const left = (await readdir(join(home, 'agent', 'slugs'))).filter((name) => !isFlushMark(name))
  assert.deepEqual(left.toSorted(), digests.filter((_, index) => index !== 1 && index !== 2).toSorted())
})
