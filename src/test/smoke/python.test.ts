import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cp, mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { appFetch } from '#test/harness/fetch.ts'
import { bootNightshift } from '#test/harness/nightshift.ts'

const hasVenv = (() => {
  try {
    execFileSync('python3', ['-c', 'import venv, ensurepip'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

/** A wheel is a zip with a fixed layout (PEP 427); Python's own zipfile makes it. */
const makeWheel = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as wheel:
    wheel.writestr('lantern/__init__.py', 'def light():\\n    return "lit by a vendored wheel"\\n')
    info = 'lantern-1.0.dist-info/'
    wheel.writestr(info + 'METADATA', 'Metadata-Version: 2.1\\nName: lantern\\nVersion: 1.0\\n')
    wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr(info + 'RECORD', 'lantern/__init__.py,,\\n' + info + 'METADATA,,\\n' + info + 'WHEEL,,\\n' + info + 'RECORD,,\\n')
`
const app = `
import os, lantern
from http.server import BaseHTTPRequestHandler, HTTPServer
class Hello(BaseHTTPRequestHandler):
    def do_GET(self):
        body = lantern.light().encode()
        self.send_response(200)
        self.send_header('content-length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
HTTPServer(('0.0.0.0', int(os.environ['PORT'])), Hello).serve_forever()
`

test('Python apps run: one without requirements, one with a vendored wheel', { skip: !hasVenv && 'no python3 with venv' }, async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'ns-python-'))
  try {
    await using nightshift = await bootNightshift()
    const plain = path.join(folder, 'plain')
    await cp(path.join(import.meta.dirname, '../../../examples/hello-python'), plain, { recursive: true })
    const first = await nightshift.cli(['deploy', plain, '-a', 'plain'])
    assert.equal(first.code, 0, first.stdout + first.stderr)
    assert.equal((await appFetch(nightshift.url('plain'))).status, 200)

    const wheels = path.join(folder, 'wheels')
    await mkdir(path.join(wheels, 'vendor'), { recursive: true })
    execFileSync('python3', ['-c', makeWheel, path.join(wheels, 'vendor/lantern-1.0-py3-none-any.whl')])
    await writeFile(path.join(wheels, 'requirements.txt'), './vendor/lantern-1.0-py3-none-any.whl\n')
    await writeFile(path.join(wheels, 'app.py'), app)
    await writeFile(path.join(wheels, 'Procfile'), 'web: python app.py\n')
    const second = await nightshift.cli(['deploy', wheels, '-a', 'wheels'], { timeoutMs: 300_000 })
    assert.equal(second.code, 0, second.stdout + second.stderr)
    assert.equal(await (await appFetch(nightshift.url('wheels'))).text(), 'lit by a vendored wheel')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
