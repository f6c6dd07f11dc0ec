/** A proxy library of the registry, as its readme uses it. Arguments: its folder, name, HTTP port, HTTPS port, backend's port, certificate, key. */
import { readFileSync } from 'node:fs'
import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

type ProxyServer = { web(request: IncomingMessage, response: ServerResponse): unknown; on(event: 'error', listener: (error: Error) => void): unknown }
type Library = { createProxyServer(options: object): ProxyServer }

const [folder = '', name = '', httpPort, httpsPort, backendPort, certificate = '', key = ''] = process.argv.slice(2)
const { resolve } = createRequire(join(folder, 'package.json'))
const library = (await import(pathToFileURL(resolve(name)).href)) as Library
const agent = new Agent({ keepAlive: true, maxSockets: 64 })
const proxy = library.createProxyServer({ target: `http://127.0.0.1:${backendPort}`, agent, xfwd: true })
proxy.on('error', (error) => process.stderr.write(`${error.message}\n`))
const relay = (request: IncomingMessage, response: ServerResponse) => void proxy.web(request, response)

createServer(relay).listen(Number(httpPort), '127.0.0.1')
createSecureServer({ cert: readFileSync(certificate), key: readFileSync(key) }, relay).listen(Number(httpsPort), '127.0.0.1')
process.once('SIGTERM', () => process.exit(0))
