// What every service here does the same way: log lines, and a graceful end.

export function log(text, fields = {}) {
  const more = Object.entries(fields).map(([name, value]) => ` ${name}=${value}`)
  console.log(`${text}${more.join('')}`)
}

/** Runs `close` once on SIGTERM or SIGINT, then ends. What was begun is finished first. */
export function onStop(close) {
  let stopping = false
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.on(signal, async () => {
      if (stopping) return
      stopping = true
      log('stopping', { signal })
      await close()
      process.exit(0)
    })
  }
}

/** Listens on $PORT; the returned function stops taking connections and waits for the requests in flight. */
export function listen(server) {
  const port = Number(process.env.PORT ?? 3000)
  server.keepAliveTimeout = 65_000 // longer than a proxy keeps an idle connection, so that it never meets a closing one
  server.listen(port, () => log('listening', { port: server.address().port }))
  return () =>
    new Promise((resolve) => {
      server.close(resolve)
      server.closeIdleConnections()
    })
}

export function sendJson(response, status, value) {
  const body = JSON.stringify(value)
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(body) }).end(body)
}

/** The body of a request as text, refused beyond `limit` bytes. */
export async function readBody(request, limit = 64 * 1024) {
  const chunks = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > limit) throw Object.assign(new Error('that is too much'), { status: 413 })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
