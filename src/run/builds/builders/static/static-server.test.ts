import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, symlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { freePort } from '#test/harness/port.ts'
import { tempFolder } from '../../testing/harness.ts'

describe('the static server', () => {
  let base: string
  let port: number
  let end: () => Promise<void>

  before(async () => {
    const folder = await tempFolder({ 'secret.txt': 'top secret', 'site/index.html': '<h1>home</h1>', 'site/about.html': 'about', 'site/blog/index.html': 'blog', 'site/data.bin': '0123456789', 'site/404.html': 'lost', 'site/.env': 'KEY=1', 'site/.well-known/security.txt': 'contact', 'site/größe.txt': 'ü', 'site/empty.txt': '' })
    const site = join(folder.dir, 'site')
    await symlink('../secret.txt', join(site, 'out.txt'))
    await symlink('.env', join(site, 'env.txt'))
    await symlink('about.html', join(site, 'in.html'))
    await mkdir(join(site, 'folder'))
    port = await freePort()
    const server = spawn(process.execPath, [join(import.meta.dirname, 'static-server.js'), site], { env: { PORT: String(port) }, stdio: ['ignore', 'pipe', 'inherit'] as const })
    await once(server.stdout, 'data')
    base = `http://127.0.0.1:${port}`
    end = async () => {
      server.kill('SIGTERM')
      const [code] = (await once(server, 'exit')) as [number]
      assert.equal(code, 0, 'it ends by itself when told to')
      await folder[Symbol.asyncDispose]()
    }
  })
  after(() => end())

  const get = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const response = await fetch(base + path, { headers, method, redirect: 'manual' })
    return { status: response.status, text: await response.text(), header: (name: string) => response.headers.get(name) }
  }

  /** As it is written, without a client that tidies the path. */
  const raw = (path: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`))
      let text = ''
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
      socket.on('end', () => resolve(text))
      socket.on('error', reject)
    })

  test('serves files, index.html of folders, and pages without their ending', async () => {
    assert.equal((await get('/')).text, '<h1>home</h1>')
    assert.equal((await get('/')).header('content-type'), 'text/html; charset=utf-8')
    assert.equal((await get('/about')).text, 'about')
    assert.equal((await get('/blog/')).text, 'blog')
    assert.equal((await get('/gr%C3%B6%C3%9Fe.txt')).text, 'ü')
    assert.equal((await get('/empty.txt')).status, 200)
    assert.equal((await get('/in.html')).text, 'about')
    assert.equal((await get('/.well-known/security.txt')).text, 'contact')
  })

  test('a folder without a slash is redirected, with its query', async () => {
    const answer = await get('/blog?a=1')
    assert.deepEqual([answer.status, answer.header('location')], [308, '/blog/?a=1'])
  })

  test('what is not there is 404 with the site own page', async () => {
    assert.deepEqual([(await get('/nothing')).status, (await get('/nothing')).text], [404, 'lost'])
    assert.equal((await get('/folder/')).status, 404)
  })

  test('validators: 304 for the same ETag or date, 200 for another', async () => {
    const first = await get('/data.bin')
    const etag = first.header('etag') as string
    assert.equal((await get('/data.bin', { 'if-none-match': etag })).status, 304)
    assert.equal((await get('/data.bin', { 'if-none-match': `"x", W/${etag}` })).status, 304)
    assert.equal((await get('/data.bin', { 'if-none-match': '"x"' })).status, 200)
    assert.equal((await get('/data.bin', { 'if-modified-since': first.header('last-modified') as string })).status, 304)
    assert.equal((await get('/data.bin', { 'if-modified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' })).status, 200)
  })

  test('ranges: one is a part, an impossible one 416, several the whole', async () => {
    for (const [range, text] of [['bytes=2-4', '234'], ['bytes=7-', '789'], ['bytes=-2', '89'], ['bytes=8-99', '89']]) {
      const answer = await get('/data.bin', { range: range as string })
      assert.deepEqual([answer.status, answer.text], [206, text], String(range))
    }
    const impossible = await get('/data.bin', { range: 'bytes=20-' })
    assert.deepEqual([impossible.status, impossible.header('content-range')], [416, 'bytes */10'])
    assert.equal((await get('/data.bin', { range: 'bytes=0-1,4-5' })).text, '0123456789')
    assert.equal((await get('/data.bin', { range: 'bytes=0-1', 'if-range': '"old"' })).text, '0123456789')
  })

  test('HEAD has the length and no body; other methods are refused', async () => {
    const head = await get('/data.bin', {}, 'HEAD')
    assert.deepEqual([head.status, head.text, head.header('content-length')], [200, '', '10'])
    const post = await get('/data.bin', {}, 'POST')
    assert.deepEqual([post.status, post.header('allow')], [405, 'GET, HEAD'])
  })

  test('nothing outside the folder and nothing hidden is ever served', async () => {
    for (const path of ['/../secret.txt', '/..%2fsecret.txt', '/%2e%2e/secret.txt', '/blog/../../secret.txt', '//etc/passwd', '/..\\secret.txt', '/out.txt', '/.env', '/blog/../.env', '/env.txt', '/%2eenv', '/%00', '/%', '/./index.html', 'http://x/../secret.txt', '/data.bin/x']) {
      const answer = await raw(path)
      assert.match(answer, /^HTTP\/1\.1 40[04] /, path)
      assert.doesNotMatch(answer, /top secret|KEY=1|root:/, path)
    }
  })
})
