/**
 * `git http-backend` as a CGI (RFC 3875): a fresh process a request, told everything by its environment, with the body on
 * its input. A client that goes away does not end it: what it still says is read and dropped.
 */
import { spawn } from 'node:child_process'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { gitEnvironment } from './repos.ts'

export type BackendCall = {
  projectRoot: string
  /** `/<app>/<environment>.git/info/refs` */
  pathInfo: string
  query: string
  user: string
  /** Configuration that holds for this run only, over whatever the repository says. */
  config: Record<string, string>
  env: Record<string, string>
}

const maxHeaderBytes = 16 * 1024

/** Resolves when the backend has ended, whatever became of the client. */
export async function runBackend(call: BackendCall, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const header = (name: string) => {
    const value = request.headers[name]
    return typeof value === 'string' ? value : ''
  }
  const env: Record<string, string> = {
    ...gitEnvironment(),
    ...call.env,
    ...configEnvironment(call.config),
    GATEWAY_INTERFACE: 'CGI/1.1',
    GIT_PROJECT_ROOT: call.projectRoot,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: call.pathInfo,
    QUERY_STRING: call.query,
    REQUEST_METHOD: request.method ?? 'GET',
    CONTENT_TYPE: header('content-type'),
    REMOTE_USER: call.user,
    REMOTE_ADDR: request.socket.remoteAddress ?? '',
  }
  // No CONTENT_LENGTH: node has taken the framing off, and git (2.39) spins for ever when fewer bytes come than it was told.
  if (['gzip', 'x-gzip'].includes(header('content-encoding'))) env['HTTP_CONTENT_ENCODING'] = 'gzip'
  if (/^version=[012]$/.test(header('git-protocol'))) env['GIT_PROTOCOL'] = header('git-protocol')
  const child = spawn('git', ['http-backend'], { env, stdio: ['pipe', 'pipe', 'ignore'] })
  child.stdin.on('error', () => {}) // it has read enough
  request.pipe(child.stdin)
  request.on('close', () => child.stdin.end()) // an upload that breaks off: git sees its input end and gives up

  let head: Buffer | null = Buffer.alloc(0)
  let open = true
  response.on('close', () => {
    open = false
    child.stdout.resume() // nobody listens any more, but git must be able to go on
  })
  const send = (data: Buffer) => {
    if (!open || data.length === 0) return
    if (!response.write(data)) {
      child.stdout.pause()
      response.once('drain', () => child.stdout.resume())
    }
  }
  child.stdout.on('data', (chunk: Buffer) => {
    if (head === null) return send(chunk)
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end === -1) {
      if (head.length > maxHeaderBytes) child.kill('SIGKILL')
      return
    }
    const { status, headers } = parseHead(head.toString('latin1', 0, end))
    const rest = head.subarray(end + 4)
    head = null
    if (open) {
      response.writeHead(status, headers)
      response.flushHeaders()
    }
    send(rest)
  })
  await new Promise<void>((resolve) => {
    child.on('error', () => resolve())
    child.on('close', () => resolve())
  })
  if (!open) return
  if (head !== null) {
    response.writeHead(502, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
    response.end('git gave no answer (is git with its http-backend installed on this machine?)\n')
  } else response.end()
}

function parseHead(text: string): { status: number; headers: Record<string, string> } {
  let status = 200
  const headers: Record<string, string> = {}
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    if (name === 'status') status = Number.parseInt(value, 10) || 500
    else if (colon > 0) headers[name] = value
  }
  return { status, headers }
}

/** `GIT_CONFIG_COUNT`, `…_KEY_n`, `…_VALUE_n`: configuration without a file and without quoting. */
function configEnvironment(config: Record<string, string>): Record<string, string> {
  const entries = Object.entries(config)
  const env: Record<string, string> = { GIT_CONFIG_COUNT: String(entries.length) }
  for (const [index, [key, value]] of entries.entries()) {
    env[`GIT_CONFIG_KEY_${index}`] = key
    env[`GIT_CONFIG_VALUE_${index}`] = value
  }
  return env
}
