import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { appFetch } from '#test/harness/fetch.ts'
import { bootNightshift } from '#test/harness/nightshift.ts'
import { loopback } from '#test/harness/request-loop.ts'

const manifest = `
name: flows
services:
  web:
    command: [node-red, --userDir, /app/data, --settings, settings.js]
    health: { path: /settings }
    volumes: { data: /app/data }
    resources: { memory: 512MB }
`
const settings = `module.exports = { uiPort: process.env.PORT, uiHost: '0.0.0.0', flowFile: 'flows.json', telemetry: { enabled: false }, logging: { console: { level: 'info' } } }\n`

test('node-red runs; its editor connects by WebSocket through the ingress, and a flow made over HTTP answers requests', async () => {
  const app = await mkdtemp(path.join(tmpdir(), 'ns-node-red-'))
  try {
    await using nightshift = await bootNightshift()
    await writeFile(path.join(app, 'nightshift.yml'), manifest.replaceAll('/app/data, --settings', 'data, --settings'))
    await writeFile(path.join(app, 'settings.js'), settings)
    await writeFile(path.join(app, 'package.json'), JSON.stringify({ name: 'flows', private: true, dependencies: { 'node-red': '5.0.7' } }))
    const deployed = await nightshift.cli(['deploy', app], { timeoutMs: 500_000 })
    assert.equal(deployed.code, 0, deployed.stdout + deployed.stderr)
    assert.match(await (await appFetch(nightshift.url('flows'))).text(), /Node-RED/)

    const editor = new WebSocket(nightshift.url('flows', '/comms').replace('http:', 'ws:'), { lookup: loopback })
    await once(editor, 'open')
    editor.send(JSON.stringify({ subscribe: 'notification/#' }))
    const heard = once(editor, 'message') // the server greets each subscriber, and beats its heart

    const flow = [
      { id: 'tab', type: 'tab', label: 'Night' },
      { id: 'in', type: 'http in', z: 'tab', url: '/hello', method: 'get', wires: [['say']] },
      { id: 'say', type: 'change', z: 'tab', rules: [{ t: 'set', p: 'payload', pt: 'msg', to: 'good night', tot: 'str' }], wires: [['out']] },
      { id: 'out', type: 'http response', z: 'tab', wires: [] },
    ]
    const stored = await appFetch(nightshift.url('flows', '/flows'), { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(flow) })
    assert.equal(stored.status, 204)
    const [message] = (await heard) as [Buffer]
    assert.ok(JSON.parse(message.toString('utf8')))
    assert.equal(await (await appFetch(nightshift.url('flows', '/hello'))).text(), 'good night')

    // what it runs is on its volume: a restart brings it back
    assert.equal((await nightshift.cli(['restart', '-a', 'flows'])).code, 0)
    assert.equal(await (await appFetch(nightshift.url('flows', '/hello'))).text(), 'good night')
    editor.terminate()
  } finally {
    await rm(app, { recursive: true, force: true })
  }
})
