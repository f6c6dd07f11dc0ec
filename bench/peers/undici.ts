/** What Node gives without a parser of one's own: node:http in front, undici's dispatch behind. Arguments: HTTP port, HTTPS port, backend's port, certificate, key. */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type Dispatcher, Pool } from 'undici'

const [httpPort, httpsPort, backendPort, certificate = '', key = ''] = process.argv.slice(2)
const pool = new Pool(`http://127.0.0.1:${backendPort}`, { connections: 64, pipelining: 1 })
const hopByHop = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'proxy-connection', 'te', 'trailer'])

function relay(request: IncomingMessage, response: ServerResponse): void {
  const headers: string[] = ['x-forwarded-for', request.socket.remoteAddress ?? '']
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    const name = request.rawHeaders[at] as string
    if (!hopByHop.has(name.toLowerCase())) headers.push(name, request.rawHeaders[at + 1] as string)
  }
  const bodyless = request.method === 'GET' || request.method === 'HEAD'
  pool.dispatch(
    { path: request.url ?? '/', method: request.method as Dispatcher.HttpMethod, headers, body: bodyless ? null : request },
    {
      onRequestStart() {},
      onResponseStart(controller, statusCode, answered) {
        if (response.destroyed) return controller.abort(new Error('the client left'))
        for (const name of hopByHop) delete answered[name]
        response.writeHead(statusCode, answered as Record<string, string>)
        response.on('drain', () => controller.resume())
        response.on('close', () => response.writableFinished || controller.abort(new Error('the client left')))
      },
      onResponseData(controller, chunk) {
        if (!response.write(chunk)) controller.pause()
      },
      onResponseEnd() {
        response.end()
      },
      onResponseError(_controller, error) {
        response.destroy(error)
      },
    },
  )
}

createServer(relay).listen(Number(httpPort), '127.0.0.1')
createSecureServer({ cert: readFileSync(certificate), key: readFileSync(key) }, relay).listen(Number(httpsPort), '127.0.0.1')
process.once('SIGTERM', () => process.exit(0))
