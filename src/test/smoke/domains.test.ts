import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { connect as connectH2 } from 'node:http2'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { appFetch } from '#test/harness/fetch.ts'
import { bootNightshift } from '#test/harness/nightshift.ts'
import { until } from '#test/harness/wait.ts'

const hello = path.join(import.meta.dirname, '../../../examples/hello-node')

function selfSigned(folder: string, name: string, host: string): { cert: string; key: string } {
  const cert = path.join(folder, `${name}.pem`)
  const key = path.join(folder, `${name}.key`)
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`], { stdio: 'ignore' })
  return { cert, key }
}

test('a domain with its own certificate is served over HTTP/1.1 and HTTP/2; wrong certificates are refused with the reason', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'ns-domains-'))
  try {
    await using nightshift = await bootNightshift({ args: ['--https-port', '0'] })
    const cli = (...args: string[]) => nightshift.cli([...args, '-a', 'hello-node'])
    assert.equal((await cli('deploy', hello)).code, 0)
    const right = selfSigned(folder, 'right', 'hello.example.com')
    const wrong = selfSigned(folder, 'wrong', 'other.example.com')

    const refused = await cli('domains', 'add', 'hello.example.com', '--cert', wrong.cert, '--key', wrong.key)
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /does not cover hello\.example\.com/)
    const mixed = await cli('domains', 'add', 'hello.example.com', '--cert', right.cert, '--key', wrong.key)
    assert.match(mixed.stderr, /does not belong to the certificate/)
    const added = await cli('domains', 'add', 'hello.example.com', '--cert', right.cert, '--key', right.key)
    assert.equal(added.code, 0, added.stderr)

    const { httpsPort } = JSON.parse(readFileSync(path.join(nightshift.home, 'config.json'), 'utf8')) as { httpsPort: number }
    const at = { host: '127.0.0.1', port: httpsPort, servername: 'hello.example.com', ca: readFileSync(right.cert) }
    const text = await until(async () => (await appFetch(`https://hello.example.com:${httpsPort}/`)).text(), { because: 'the domain is served' })
    assert.match(text, /hello from web\.1/)

    const tls = connectTls({ ...at, ALPNProtocols: ['h2', 'http/1.1'] }) // verified against the certificate itself
    await once(tls, 'secureConnect')
    assert.equal(tls.alpnProtocol, 'h2')
    const session = connectH2('https://hello.example.com', { createConnection: () => tls })
    const stream = session.request({ ':path': '/', ':authority': 'hello.example.com' })
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
    assert.equal(headers[':status'], 200)
    stream.setEncoding('utf8')
    let body = ''
    for await (const chunk of stream) body += chunk
    assert.match(body, /hello from web\.1/)
    session.close()

    assert.equal((await cli('domains', 'remove', 'hello.example.com')).code, 0)
    await until(async () => (await appFetch(`http://hello.example.com:${nightshift.ingressPort}/`)).status === 404, { because: 'the domain leads nowhere any more' })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
