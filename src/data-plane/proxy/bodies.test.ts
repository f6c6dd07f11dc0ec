import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { RawClient, startApp, startRawApp, startRig, until } from './test-harness.ts'

const megabyte = 1024 * 1024

test('200 MB up and down pass with bounded memory, unchanged', async () => {
  const total = 200 * megabyte
  const piece = Buffer.alloc(megabyte, 'nightshift')
  const expected = createHash('sha256')
  for (let n = 0; n < total / megabyte; n++) expected.update(piece)
  const sum = expected.digest('hex')
  await using app = await startApp(async (request, response) => {
    if (request.method === 'POST') {
      const hash = createHash('sha256')
      for await (const chunk of request) hash.update(chunk as Buffer)
      return void response.end(hash.digest('hex'))
    }
    for (let n = 0; n < total / megabyte; n++) if (!response.write(piece)) await once(response, 'drain')
    response.end()
  })
  await using rig = await startRig({ services: { web: [app.port] } })
  const before = process.memoryUsage().rss

  const up = connect(rig.port, '127.0.0.1')
  const upload = new RawClient(rig.port, up)
  upload.send(`POST / HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: ${total}\r\n\r\n`)
  for (let n = 0; n < total / megabyte; n++) if (!up.write(piece)) await once(up, 'drain')
  const answer = await upload.response()
  assert.ok(answer.body.includes(sum))
  upload.close()

  const down = connect(rig.port, '127.0.0.1')
  down.write('GET / HTTP/1.0\r\nHost: web.localhost\r\n\r\n')
  const hash = createHash('sha256')
  let head = true
  for await (const chunk of down) {
    const data = chunk as Buffer
    const start = head ? data.indexOf('\r\n\r\n') + 4 : 0
    head = false
    hash.update(data.subarray(start))
  }
  assert.equal(hash.digest('hex'), sum)
  assert.ok(process.memoryUsage().rss - before < 150 * megabyte, 'app, proxy and client together')
})

test('a client that does not read makes the app wait', async () => {
  let written = 0
  await using app = await startApp(async (_request, response) => {
    const piece = Buffer.alloc(megabyte)
    for (let n = 0; n < 100 && !response.destroyed; n++) {
      written += piece.length
      if (!response.write(piece)) await Promise.race([once(response, 'drain'), once(response, 'close')])
    }
    response.end()
  })
  await using rig = await startRig({ services: { web: [app.port] } })
  const client = connect(rig.port, '127.0.0.1')
  client.pause()
  client.write('GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n')
  await until(() => written > 0)
  let last = -1
  while (last !== written) {
    last = written
    await new Promise((resolve) => setTimeout(resolve, 150))
  }
  assert.ok(written < 30 * megabyte, `${written} bytes went ahead`)
  client.destroy()
})

test('an app that does not read makes the client wait', async () => {
  await using app = await startRawApp((socket) => socket.pause())
  await using rig = await startRig({ services: { web: [app.port] } })
  const client = connect(rig.port, '127.0.0.1')
  client.write(`POST / HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: ${100 * megabyte}\r\n\r\n`)
  const piece = Buffer.alloc(megabyte)
  let taken = 0
  const write = () => {
    while (taken < 100 && client.write(piece)) taken++
    taken++
  }
  client.on('drain', write)
  write()
  let last = -1
  while (last !== taken) {
    last = taken
    await new Promise((resolve) => setTimeout(resolve, 150))
  }
  assert.ok(taken < 30, `${taken} MB went ahead`)
  client.destroy()
})

test('a slow body is passed on as it comes', async () => {
  await using app = await startRawApp(() => {})
  await using rig = await startRig({ services: { web: [app.port] } })
  const client = new RawClient(rig.port)
  client.send('POST / HTTP/1.1\r\nHost: web.localhost\r\nTransfer-Encoding: chunked\r\n\r\n')
  for (const piece of ['1\r\na\r\n', '1\r\nb\r\n', '1\r', '\nc\r\n']) {
    client.send(piece)
    await until(() => app.received().endsWith(piece), JSON.stringify(piece))
  }
  client.close()
})

test('server-sent events are not held back', async () => {
  let push: (text: string) => void = () => {}
  await using app = await startApp((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.flushHeaders()
    push = (text) => response.write(text)
  })
  await using rig = await startRig({ services: { web: [app.port] } })
  const client = new RawClient(rig.port)
  client.send('GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n')
  await until(() => client.received.includes('text/event-stream'), 'the head')
  for (const text of ['data: 1\n\n', 'data: 2\n\n']) {
    push(text)
    await until(() => client.received.includes(text), text)
  }
  client.close()
})

test('100-continue comes from the app, and the body waits for it', async () => {
  await using app = await startApp((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => response.end(body))
  })
  await using rig = await startRig({ services: { web: [app.port] } })
  const client = new RawClient(rig.port)
  client.send('POST / HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n')
  assert.equal((await client.response()).status, 100)
  client.send('body')
  const response = await client.response()
  assert.equal(response.status, 200)
  assert.ok(response.body.includes('body'))
  client.close()
})

test('an app may refuse a body unseen', async () => {
  await using app = await startApp(
    () => {},
    (server) => server.on('checkContinue', (_request, response) => response.writeHead(413, { connection: 'close' }).end('too much')),
  )
  await using rig = await startRig({ services: { web: [app.port] } })
  const client = new RawClient(rig.port)
  client.send('POST / HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: 4000000\r\nExpect: 100-continue\r\n\r\n')
  const response = await client.response()
  assert.equal(response.status, 413)
  assert.equal(response.header('connection'), 'close')
  await client.end()
  client.close()
})

test('early hints reach the client before the response', async () => {
  await using app = await startApp((_request, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' }, () => response.end('done'))
  })
  await using rig = await startRig({ services: { web: [app.port] } })
  const client = new RawClient(rig.port)
  client.send('GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n')
  const hints = await client.response()
  assert.equal(hints.status, 103)
  assert.equal(hints.header('link'), '</style.css>; rel=preload')
  assert.equal((await client.response()).status, 200)
  client.close()
})

test('a client that leaves makes the app’s connection end, and counts as aborted', async () => {
  let gone = false
  let arrived = false
  await using app = await startApp((request) => {
    arrived = true
    request.on('close', () => {
      gone = true
    })
  })
  await using rig = await startRig({ services: { web: [app.port] } }, { trafficPeriodMs: 50 })
  const client = new RawClient(rig.port)
  client.send('GET /left HTTP/1.1\r\nHost: web.localhost\r\n\r\n')
  await until(() => arrived, 'the request at the app')
  client.close()
  await until(() => gone, 'the end at the app')
  await until(() => rig.control.traffic.some((batch) => batch.counts.some((count) => count.status.aborted === 1)), 'the count')
  const line = (await rig.accessLog()).find((entry) => entry['path'] === '/left')
  assert.equal(line?.['status'], 499)
})

test('a client that leaves in the middle of a body makes the app’s request fail', async () => {
  let failed = false
  let arrived = false
  await using app = await startApp((request) => {
    arrived = true
    request.resume()
    request.on('error', () => {
      failed = true
    })
  })
  await using rig = await startRig({ services: { web: [app.port] } })
  const client = new RawClient(rig.port)
  client.send('POST / HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: 100\r\n\r\nhalf')
  await until(() => arrived, 'the request at the app')
  client.close()
  await until(() => failed, 'the failure at the app')
})

test('a chunk that goes wrong later ends both sides, and the app never sees a whole request', async () => {
  let whole = false
  let arrived = false
  await using app = await startApp((request) => {
    arrived = true
    request.resume()
    request.on('error', () => {})
    request.on('end', () => {
      whole = true
    })
  })
  await using rig = await startRig({ services: { web: [app.port] } })
  const client = new RawClient(rig.port)
  client.send('POST / HTTP/1.1\r\nHost: web.localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
  await until(() => arrived, 'the request at the app')
  client.send('zz\r\n')
  const response = await client.response()
  assert.equal(response.status, 400)
  assert.equal(response.header('nightshift-error'), 'chunk')
  await client.end()
  assert.equal(whole, false)
  client.close()
})

test('an app that dies in the middle of its response cuts the client off', async () => {
  await using app = await startRawApp((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')
      setTimeout(() => socket.destroy(), 20)
    })
  })
  await using rig = await startRig({ services: { web: [app.port] } })
  const client = connect(rig.port, '127.0.0.1')
  client.write('GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n')
  client.resume()
  const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException]
  assert.equal(error.code, 'ECONNRESET')
})

test('time-outs: a head that does not end, a body that stops, an app that does not answer, an idle connection', async () => {
  await using app = await startRawApp(() => {})
  await using rig = await startRig({ services: { web: [app.port] } }, { limits: { sweepMs: 10, headMs: 120, bodyMs: 120, responseMs: 120, idleMs: 120 } })
  const ends: [string, number, string][] = [
    ['GET / HTTP/1.1\r\nHost: web.local', 408, 'head-timeout'],
    ['POST / HTTP/1.1\r\nHost: web.localhost\r\nContent-Length: 10\r\n\r\nhalf', 408, 'body-timeout'],
    ['GET / HTTP/1.1\r\nHost: web.localhost\r\n\r\n', 504, 'timeout'],
  ]
  for (const [bytes, status, kind] of ends) {
    const client = new RawClient(rig.port)
    client.send(bytes)
    const response = await client.response()
    assert.equal(response.status, status)
    assert.equal(response.header('nightshift-error'), kind)
    await client.end()
    client.close()
  }
  const idle = new RawClient(rig.port)
  await idle.end()
  assert.equal(idle.received, '')
  idle.close()
  await until(() => rig.agent.heard.some((message) => message.t === 'suspect'), 'the hint to the agent')
})

test('a head that comes a byte at a time has its time all the same', async () => {
  await using app = await startRawApp(() => {})
  await using rig = await startRig({ services: { web: [app.port] } }, { limits: { sweepMs: 10, headMs: 200 } })
  const client = new RawClient(rig.port)
  client.send('\r\n')
  const text = 'GET / HTTP/1.1\r\nHost: web.localhost\r\nX: '
  for (let at = 0; !client.ended && !client.closed; at++) {
    client.send(text[at] ?? 'x')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  assert.match(client.received, /^HTTP\/1\.1 408 /)
  client.close()
})
