import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, link, mkdir, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { list } from 'tar'
import { removeFolder, temporaryFolder } from '../test/harness.ts'
import { collectSource } from './collect.ts'
import { gitState } from './git.ts'
import { packSource } from './pack.ts'

const git = (folder: string, ...args: string[]) => promisify(execFile)('git', ['-c', 'user.name=t', '-c', 'user.email=t@localhost', ...args], { cwd: folder })

let folder = ''
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => removeFolder(folder))

async function files(...paths: (string | [path: string, text: string])[]): Promise<void> {
  for (const entry of paths) {
    const [path, text] = typeof entry === 'string' ? [entry, `${entry}\n`] : entry
    await mkdir(join(folder, dirname(path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
}

async function collected(root = folder): Promise<string[]> {
  return (await collectSource(root)).entries.filter(({ kind }) => kind !== 'folder').map(({ path }) => path)
}

describe('what is part of a source', () => {
  test('never history, installed dependencies at any depth, our own data, or the link to an app', async () => {
    await files('app.js', '.git/config', 'node_modules/x/index.js', 'packages/a/node_modules/y/index.js', 'packages/a/main.js', '.nightshift/state', '.nightshift-app', ['.nightshiftignore', '!node_modules\n!.git\n'])
    assert.deepEqual(await collected(), ['.nightshiftignore', 'app.js', 'packages/a/main.js'])
  })

  test('nested .gitignore files count where they stand, and the deeper one goes before', async () => {
    await files(['.gitignore', '*.log\n/build\n'], ['a/.gitignore', '!keep.log\nsecret*\n'], 'a/keep.log', 'a/drop.log', 'a/secret.txt', 'a/build/x', 'build/x', 'secret.txt', 'x.log', ['b/.gitignore', '/only-here\n'], 'b/only-here', 'b/c/only-here')
    assert.deepEqual(await collected(), ['.gitignore', 'a/.gitignore', 'a/build/x', 'a/keep.log', 'b/.gitignore', 'b/c/only-here', 'secret.txt'])
  })

  test('.nightshiftignore brings back what git leaves out, folders included, and leaves out more', async () => {
    await files(['.gitignore', 'dist\n'], ['.nightshiftignore', '!dist\n/docs\n'], 'dist/js/app.js', 'docs/x.md', 'index.html')
    assert.deepEqual(await collected(), ['.gitignore', '.nightshiftignore', 'dist/js/app.js', 'index.html'])
  })

  test('the rules of the repository around a folder count too, and can be taken back in the folder', async () => {
    await files(['.gitignore', 'dist\n/apps/web/generated\n*.tmp\n'], 'apps/web/dist/a.js', 'apps/web/generated/b.js', 'apps/web/c.js', 'apps/web/d.tmp')
    await git(folder, 'init', '-q')
    assert.deepEqual(await collected(join(folder, 'apps/web')), ['c.js'])
    await files(['apps/web/.nightshiftignore', '!dist\n'])
    assert.deepEqual(await collected(join(folder, 'apps/web')), ['.nightshiftignore', 'c.js', 'dist/a.js'])
  })

  test('a folder that git ignores is deployed when it is what was named', async () => {
    await files(['.gitignore', 'dist\n'], 'dist/index.html')
    await git(folder, 'init', '-q')
    assert.deepEqual(await collected(join(folder, 'dist')), ['index.html'])
  })

  test('it is what git would take, for a repository full of odd rules', async () => {
    await files(['.gitignore', '# comment\n\n*.o\n!important.o\n/root-only\n**/deep/*.txt\nfoo/**/bar\ntrail/\n\\#hash\n\\!bang\nsp\\ ace\n[ab].md\nCase.TXT\n'],
      'x.o', 'important.o', 'root-only', 'sub/root-only', 'sub/deep/a.txt', 'sub/deep/a.md', 'foo/1/2/bar', 'foo/bar', 'trail/x', 'sub/trail', '#hash', '!bang', 'sp ace', 'a.md', 'c.md', 'case.txt', 'Case.TXT',
      ['w[e]ird/.gitignore', '/x\ny/z\n'], 'w[e]ird/x', 'w[e]ird/y/z', 'w[e]ird/a/y/z', 'weird/x')
    await git(folder, 'init', '-q')
    const { stdout } = await git(folder, 'ls-files', '-z', '--others', '--cached', '--exclude-standard')
    assert.deepEqual((await collected()).toSorted(), stdout.split('\0').filter(Boolean).toSorted())
  })

  test('.env files stay at home and are named, unless a rule brings them back; examples go', async () => {
    await files('.env', '.env.local', '.env.production.local', '.env.example', '.env.production', 'sub/.env', 'app.js')
    const source = await collectSource(folder)
    assert.deepEqual(source.entries.filter(({ kind }) => kind === 'file').map(({ path }) => path), ['.env.example', '.env.production', 'app.js'])
    assert.deepEqual(source.environmentFiles, ['.env', '.env.local', '.env.production.local', 'sub/.env'])
    await files(['.nightshiftignore', '!.env\n'])
    assert.ok((await collected()).includes('.env'))
  })

  test('counts files and bytes, links as files, folders not', async () => {
    await files(['a', '12345'], ['b/c', '123'])
    await symlink('b/c', join(folder, 'd'))
    const { files: count, bytes } = await collectSource(folder)
    assert.deepEqual([count, bytes], [3, 8])
  })

  test('sockets and other special files are left out and named', async () => {
    await files('app.js')
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(join(folder, 'run.sock'), resolve))
    try {
      const source = await collectSource(folder)
      assert.deepEqual(source.special, ['run.sock'])
    } finally {
      await new Promise((resolve) => server.close(resolve))
    }
  })

  test('a folder with nothing in it, one that is not there, and a file are refused by name', async () => {
    await assert.rejects(collectSource(folder), /there is nothing to deploy in/)
    await assert.rejects(collectSource(join(folder, 'missing')), /cannot deploy .*missing/)
    await files('app.js')
    await assert.rejects(collectSource(join(folder, 'app.js')), /it is a file/)
  })
})

describe('symbolic links', () => {
  test('inside the directory are kept as links', async () => {
    await files('real/file.js')
    await symlink('real', join(folder, 'alias'))
    await symlink('../real/file.js', join(folder, 'real/self'))
    const source = await collectSource(folder)
    assert.deepEqual(source.entries.filter(({ kind }) => kind === 'link').map(({ path }) => path), ['alias', 'real/self'])
  })

  const ways: [name: string, make: () => Promise<void>][] = [
    ['upwards', () => symlink('../outside', join(folder, 'escape'))],
    ['an absolute path', () => symlink('/etc/passwd', join(folder, 'escape'))],
    ['an absolute path to its own folder', () => symlink(join(folder, 'app.js'), join(folder, 'escape'))],
    ['out and in again', () => symlink(`../${folder.split('/').at(-1)}/app.js`, join(folder, 'escape'))],
    ['nowhere, upwards', () => symlink('sub/../../gone', join(folder, 'escape'))],
    ['through another link', async () => {
      await mkdir(join(folder, 'deep/er'), { recursive: true })
      await symlink('deep/er', join(folder, 'hop'))
      await symlink('hop/../../../x', join(folder, 'escape'))
    }],
  ]
  for (const [name, make] of ways) {
    test(`that lead out (${name}) are refused by name`, async () => {
      await files('app.js')
      await make()
      await assert.rejects(collectSource(folder), /escape is a symbolic link that leaves the directory/)
    })
  }

  test('that lead out but are ignored are nobody’s business', async () => {
    await files('app.js', ['.nightshiftignore', '/escape\n'])
    await symlink('/etc/passwd', join(folder, 'escape'))
    assert.deepEqual(await collected(), ['.nightshiftignore', 'app.js'])
  })
})

describe('a packed source', () => {
  async function packed(): Promise<Map<string, { type: string; mode: number; linkpath: string | undefined; uid: number | undefined }>> {
    const chunks: Uint8Array[] = []
    let sent = 0
    for await (const chunk of packSource(await collectSource(folder), (bytes) => (sent = bytes)).body) chunks.push(chunk)
    const archive = Buffer.concat(chunks)
    assert.equal(sent, archive.length)
    assert.deepEqual([archive[0], archive[1]], [0x1f, 0x8b])
    const entries = new Map<string, { type: string; mode: number; linkpath: string | undefined; uid: number | undefined }>()
    const parser = list({ onReadEntry: (entry) => void entries.set(entry.path, { type: entry.type, mode: (entry.mode ?? 0) & 0o777, linkpath: entry.linkpath, uid: entry.uid }) })
    await new Promise<void>((resolve, reject) => parser.on('end', resolve).on('error', reject).end(archive))
    return entries
  }

  test('keeps modes, links and odd names, and tells no owner', async () => {
    await files('bin/run', '@strange', 'ünïcode name.txt', `long/${'x'.repeat(120)}/file`)
    await chmod(join(folder, 'bin/run'), 0o755)
    await symlink('bin/run', join(folder, 'start'))
    const entries = await packed()
    assert.equal(entries.get('./bin/run')?.mode, 0o755)
    assert.equal(entries.get('./@strange')?.mode, 0o644)
    assert.deepEqual([entries.get('./start')?.type, entries.get('./start')?.linkpath], ['SymbolicLink', 'bin/run'])
    assert.ok(entries.has('./ünïcode name.txt'))
    assert.ok(entries.has(`./long/${'x'.repeat(120)}/file`))
    assert.equal(entries.get('./bin/run')?.uid, undefined)
  })

  test('holds two names of one file as two files', async () => {
    await files('one')
    await link(join(folder, 'one'), join(folder, 'two'))
    const entries = await packed()
    assert.deepEqual([entries.get('./one')?.type, entries.get('./two')?.type], ['File', 'File'])
  })

  test('of many files is complete', async () => {
    await files(...Array.from({ length: 500 }, (_, index): [string, string] => [`d${index % 7}/f${index}`, 'x'.repeat(index * 20)]))
    assert.equal([...(await packed()).values()].filter(({ type }) => type === 'File').length, 500)
  })
})

describe('the commit of a folder', () => {
  test('is there in a repository, with whether something is not committed', async () => {
    await files('app.js')
    assert.equal(await gitState(folder), undefined)
    await git(folder, 'init', '-q')
    assert.equal(await gitState(folder), undefined)
    await git(folder, 'add', '.')
    await git(folder, 'commit', '-q', '-m', 'first')
    const state = await gitState(folder)
    assert.match(state?.commit ?? '', /^[0-9a-f]{40}$/)
    assert.equal(state?.dirty, false)
    await files('new.js')
    assert.equal((await gitState(folder))?.dirty, true)
  })
})
