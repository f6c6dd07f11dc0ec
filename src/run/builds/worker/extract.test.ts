/** The catalogue of tricks in an uploaded archive, each refused with a reason that names the entry. */
import assert from 'node:assert/strict'
import { lstat, mkdir, readFile, readdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { extractBytes, tempFolder } from '../testing/harness.ts'
import { type RawEntry, pax, rawEntry, rawTar } from '../testing/tar.ts'
import { packSlug } from './slug.ts'

async function refused(archive: Buffer): Promise<string> {
  await using folder = await tempFolder()
  const to = join(folder.dir, 'in')
  await mkdir(to)
  try {
    await extractBytes(archive, to)
  } catch (error) {
    assert.deepEqual((await readdir(folder.dir)).filter((name) => name !== 'in'), [], 'nothing was written beside the folder')
    return (error as Error).message.replace('the source archive is refused: ', '')
  }
  return assert.fail('it was accepted')
}

const file = (name: string, data = 'x'): RawEntry => ({ name, data })
const folder = (name: string): RawEntry => ({ name, type: '5' })
const link = (name: string, to: string): RawEntry => ({ name, type: '2', link: to })
const hard = (name: string, to: string): RawEntry => ({ name, type: '1', link: to })

const tricks: [string, RawEntry[], string | RegExp][] = [
  ['a path that climbs out', [file('../evil')], '"../evil" leads out of the archive'],
  ['a path that climbs out further in', [file('a/../../evil')], '"a/../../evil" leads out of the archive'],
  ['a path with dots that would stay inside', [file('a/../b')], '"a/../b" leads out of the archive'],
  ['an absolute path', [file('/etc/cron.d/evil')], '"/etc/cron.d/evil" is an absolute path'],
  ['an absolute path in an extended header', [pax({ path: '/tmp/evil' }), file('a')], '"/tmp/evil" is an absolute path'],
  ['a climbing path in a GNU long name', [{ name: '././@LongLink', type: 'L', data: '../evil\0' }, file('a')], '"../evil" leads out of the archive'],
  ['a climbing prefix', [{ ...file('evil'), prefix: '..' }], '"../evil" leads out of the archive'],
  ['a link to an absolute path', [link('a', '/etc/passwd')], /^"a" is a link to the absolute path "\/etc\/passwd"/],
  ['a link that climbs out', [link('a/b', '../../etc/passwd')], '"a/b" is a link that leads out of the app, to "../../etc/passwd"'],
  ['a file through a link', [link('a', '.'), file('a/evil')], '"a" is both a symlink and a folder'],
  ['a file through a link that leads out', [folder('d'), link('d/up', '..'), file('d/up/evil')], '"d/up" is both a symlink and a folder'],
  ['a file in place of a link', [link('a', 'b'), file('a')], '"a" is in it twice'],
  ['a link in place of a folder', [folder('a'), link('a', 'b')], '"a" is in it twice'],
  ['links over links that lead out', [folder('d'), link('d/up', '..'), link('out', 'd/up/../..'), folder('x')], /leads out of the app/],
  ['a hard link out', [hard('a', '/etc/passwd')], /is an absolute path/],
  ['a hard link that climbs', [hard('a', '../x')], /leads out of the archive/],
  ['a hard link to a symlink', [link('a', 'b'), hard('c', 'a')], '"c" is a hard link to "a", which is not a file before it in the archive'],
  ['a hard link to a later file', [hard('c', 'a'), file('a')], '"c" is a hard link to "a", which is not a file before it in the archive'],
  ['a device', [{ name: 'sda', type: '4' }], '"sda" is a device'],
  ['a character device', [{ name: 'tty', type: '3' }], '"tty" is a device'],
  ['a pipe', [{ name: 'p', type: '6' }], '"p" is a pipe'],
  ['a GNU sparse file', [{ name: 's', type: 'S' }], '"s" is a sparse file'],
  ['a pax sparse file', [pax({ 'GNU.sparse.major': '1' }), file('s')], '"s" is a sparse file'],
  ['an unknown type', [{ name: 'v', type: 'V' }], '"v" has the unknown type "V"'],
  ['a size beyond the bound', [{ name: 'big', size: 2 ** 31 }], 'it unpacks to more than 10.0 MB (at "big")'],
  ['a size in an extended header beyond the bound', [pax({ size: '99999999999' }), file('big')], 'it unpacks to more than 10.0 MB (at "big")'],
  ['a malformed size', [pax({ size: '-1' }), file('x')], 'an extended header holds a malformed size'],
  ['a name with a newline', [pax({ path: 'a\nb' }), file('x')], 'the name "a\\nb" holds control characters'],
  ['a name with an escape sequence', [file('a\u001b[2J')], 'the name "a\\u001b[2J" holds control characters'],
  ['a name with a NUL byte', [pax({ path: 'a\0b' }), file('x')], 'a name in it holds a NUL byte'],
  ['a name that is too long', [pax({ path: 'n'.repeat(300) }), file('x')], /is longer than 255 bytes$/],
  ['a path that is too deep', [pax({ path: 'd/'.repeat(80) + 'x' }), file('x')], /is nested deeper than 64 folders$/],
  ['a file below a file', [file('a'), file('a/b')], '"a" is both a file and a folder'],
  ['the same file twice', [file('a'), file('a')], '"a" is in it twice'],
  ['a top that is a link', [link('.', '/etc')], 'the top of the archive is a symlink'],
  ['a wrong checksum', [file('a'), { ...file('b'), badSum: true }], 'a header has a wrong checksum'],
  ['a huge header', [{ name: 'x', type: 'x', data: 'x'.repeat(100_000) }], 'it has a header of 100000 bytes'],
  ['a malformed extended header', [{ name: 'x', type: 'x', data: '99 a=b\n' }, file('a')], 'an extended header is malformed'],
  ['a link with content', [{ ...link('a', 'b'), data: 'x' }], '"a" is a symlink with content'],
]

describe('an archive is refused for', () => {
  for (const [what, entries, reason] of tricks) {
    test(what, async () => {
      const message = await refused(rawTar(entries))
      if (typeof reason === 'string') assert.equal(message, reason)
      else assert.match(message, reason)
      assert.equal(await refused(gzipSync(rawTar(entries))), message, 'compressed as well')
    })
  }

  test('too many files', async () => {
    assert.match(await refused(rawTar(Array.from({ length: 1100 }, (_, index) => file(`f${index}`)))), /^it holds more than 1000 files and folders \(at "f1000"\)/)
  })

  test('being cut short, anywhere', async () => {
    const whole = rawTar([file('a', 'x'.repeat(2000)), file('b')])
    for (const length of [1, 511, 700, 1500, 2600, 3072]) assert.match(await refused(whole.subarray(0, length)), /cut short|empty or no tar archive/)
    assert.match(await refused(gzipSync(whole).subarray(0, 60)), /damaged|cut short/)
  })

  test('something after its end', async () => {
    assert.equal(await refused(Buffer.concat([rawTar([file('a')]), Buffer.from('hidden')])), 'something follows its end')
    assert.equal(await refused(Buffer.concat([rawTar([file('a')]), ...rawEntry(file('b'))])), 'something follows its end')
  })

  test('a name that is not UTF-8', async () => {
    const archive = rawTar([file('abc')])
    archive[1] = 0xff
    archive.write(`${(Number.parseInt(archive.toString('latin1', 148, 154), 8) + 0xff - 0x62).toString(8).padStart(6, '0')}\0 `, 148)
    assert.equal(await refused(archive), 'a name in it is not UTF-8')
  })

  test('a compression bomb, without unpacking it', async () => {
    const bomb = gzipSync(rawTar([{ name: 'a', data: Buffer.alloc(40 * 1024 * 1024) }]))
    assert.ok(bomb.length < 60_000)
    assert.equal(await refused(bomb), 'it unpacks to more than 10.0 MB (at "a")')
  })

  test('being something else', async () => {
    assert.match(await refused(Buffer.from('PK\u0003\u0004 a zip file')), /no tar archive/)
    assert.match(await refused(gzipSync(Buffer.from('just text'))), /no tar archive/)
    assert.match(await refused(Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.alloc(600, 7)])), /compression is damaged/)
  })
})

test('what is packed is unpacked as it was, with links, long names, empty files and modes', async () => {
  const long = `${'folder-with-a-long-name/'.repeat(5)}${'file'.repeat(20)}.txt`
  await using from = await tempFolder({ [long]: 'deep', 'empty.txt': '', 'größe.txt': 'ü', run: { text: '#!/bin/sh\n', executable: true } })
  await symlink('empty.txt', join(from.dir, 'link'))
  await using to = await tempFolder()
  await using out = await tempFolder()
  await packSlug(from.dir, join(out.dir, 'a.tgz'), { files: 100, unpackedBytes: 1e6 })
  await extractBytes(await readFile(join(out.dir, 'a.tgz')), to.dir)
  assert.equal(await readFile(join(to.dir, long), 'utf8'), 'deep')
  assert.equal(await readFile(join(to.dir, 'größe.txt'), 'utf8'), 'ü')
  assert.equal(await readFile(join(to.dir, 'link'), 'utf8'), '')
  assert.equal((await lstat(join(to.dir, 'link'))).isSymbolicLink(), true)
  assert.equal((await lstat(join(to.dir, 'run'))).mode & 0o777, 0o755)
  assert.equal((await lstat(join(to.dir, 'größe.txt'))).mode & 0o777, 0o644)
})

test('set-user-id bits do not survive', async () => {
  await using to = await tempFolder()
  await extractBytes(rawTar([{ name: 'su', mode: 0o6755, data: 'x' }]), to.dir)
  assert.equal((await lstat(join(to.dir, 'su'))).mode & 0o7777, 0o755)
})

test('archives of git, with a comment in a global header, are understood', async () => {
  await using to = await tempFolder()
  const { files } = await extractBytes(rawTar([pax({ comment: 'a'.repeat(40) }, 'g'), file('./a'), folder('./b/')]), to.dir)
  assert.equal(files, 2)
})
