/**
 * Serves a folder: `node static-server.mjs <folder>`, on $PORT. Plain JavaScript without dependencies, because it is copied into
 * the slugs of static sites and runs wherever they do.
 *
 * GET and HEAD only. ETag and Last-Modified with 304, single ranges, index.html of folders, `page` → `page.html`, 404.html,
 * and 200.html for single-page apps. Never serves a name that begins with a dot (but /.well-known/), and never follows a
 * link out of the folder.
 */
import { createReadStream } from 'node:fs'
import { open, realpath } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, resolve, sep } from 'node:path'

const types = {
  '.html': 'text/html; charset=utf-8', '.htm': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8', '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8', '.json': 'application/json', '.map': 'application/json', '.webmanifest': 'application/manifest+json', '.txt': 'text/plain; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8', '.xml': 'application/xml', '.svg': 'image/svg+xml', '.png': 'image/png', '.jpg': 'image/jpeg', '.jpeg': 'image/jpeg', '.gif': 'image/gif', '.webp': 'image/webp',
  '.avif': 'image/avif', '.ico': 'image/x-icon', '.woff': 'font/woff', '.woff2': 'font/woff2', '.ttf': 'font/ttf', '.otf': 'font/otf', '.wasm': 'application/wasm', '.pdf': 'application/pdf',
  '.mp4': 'video/mp4', '.webm': 'video/webm', '.mp3': 'audio/mpeg', '.ogg': 'audio/ogg', '.zip': 'application/zip', '.gz': 'application/gzip', '.csv': 'text/csv; charset=utf-8',
}

const root = await realpath(resolve(process.argv[2] ?? '.'))
const port = Number(process.env.PORT ?? 3000)

/** The open file behind a path below the root, or null. */
async function find(path) {
  let handle
  try {
    const real = await realpath(join(root, path))
    if (real !== root && !real.startsWith(root + sep)) return null
    if (isHidden(real.slice(root.length + 1))) return null // a link to a hidden file within the root
    handle = await open(real)
    const stat = await handle.stat()
    if (stat.isFile()) return { handle, stat, path: real }
    await handle.close()
    return null
  } catch (error) {
    await handle?.close().catch(() => {})
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EACCES', 'EISDIR', 'ENXIO'].includes(error.code)) return null
    throw error
  }
}

function isHidden(path) {
  return path.split('/').some((part, index) => part.startsWith('.') && !(index === 0 && part === '.well-known'))
}

/** The path of a request below the root, or null when it is not one. */
function pathOf(url) {
  let path
  try {
    path = decodeURIComponent((url.split(/[?#]/, 1)[0] ?? '/').replace(/^https?:\/\/[^/]*/i, ''))
  } catch {
    return null
  }
  if (!path.startsWith('/') || /[\0\\]/.test(path)) return null
  const parts = path.split('/').slice(1)
  if (parts.includes('..') || parts.includes('.') || isHidden(parts.join('/'))) return null
  return parts.join('/')
}

async function lookUp(path) {
  if (path === '' || path.endsWith('/')) return { file: await find(`${path}index.html`), status: 200 }
  const file = (await find(path)) ?? (extname(path) === '' ? await find(`${path}.html`) : null)
  if (file !== null) return { file, status: 200 }
  const index = await find(`${path}/index.html`)
  if (index === null) return { file: null, status: 404 }
  await index.handle.close()
  return { file: null, status: 308, location: `/${path.split('/').map(encodeURIComponent).join('/')}/` }
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(`${request.method} ${request.url}: ${error.message}`)
    if (response.headersSent) response.destroy()
    else plain(response, 500, 'Internal server error')
  })
})

async function answer(request, response) {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    return plain(response, 405, 'Method not allowed')
  }
  const path = pathOf(request.url ?? '/')
  const found = path === null ? { file: null, status: 404 } : await lookUp(path)
  if (found.status === 308) {
    const query = (request.url ?? '').indexOf('?')
    response.setHeader('location', found.location + (query === -1 ? '' : request.url.slice(query)))
    return plain(response, 308, 'Moved')
  }
  let { file } = found
  let status = 200
  if (file === null) {
    file = await find('200.html')
    if (file === null) {
      status = 404
      file = await find('404.html')
    }
  }
  if (file === null) return plain(response, 404, 'Not found')
  return send(request, response, file, status)
}

function send(request, response, { handle, stat, path }, status) {
  const etag = `"${stat.size.toString(36)}-${Math.floor(stat.mtimeMs).toString(36)}-${stat.ino.toString(36)}"`
  const modified = new Date(Math.floor(stat.mtimeMs / 1000) * 1000)
  response.setHeader('content-type', types[extname(path).toLowerCase()] ?? 'application/octet-stream')
  response.setHeader('x-content-type-options', 'nosniff')
  response.setHeader('cache-control', 'no-cache') // ask each time: the ETag makes the answer small
  response.setHeader('etag', etag)
  response.setHeader('last-modified', modified.toUTCString())
  if (status === 200) {
    response.setHeader('accept-ranges', 'bytes')
    const noneMatch = request.headers['if-none-match']
    const since = Date.parse(request.headers['if-modified-since'] ?? '')
    const same = noneMatch === undefined ? since >= modified.getTime() : noneMatch === '*' || noneMatch.split(',').some((each) => each.trim().replace(/^W\//, '') === etag)
    if (same) return end(response, handle, 304)
    const range = rangeOf(request.headers.range, request.headers['if-range'], etag, stat.size)
    if (range === 'impossible') {
      response.setHeader('content-range', `bytes */${stat.size}`)
      return end(response, handle, 416)
    }
    if (range !== null) {
      response.setHeader('content-range', `bytes ${range.start}-${range.end}/${stat.size}`)
      return stream(request, response, handle, 206, range.start, range.end - range.start + 1)
    }
  }
  return stream(request, response, handle, status, 0, stat.size)
}

/** One range only; several are answered with the whole file, as RFC 9110 section 14.2 allows. */
function rangeOf(header, ifRange, etag, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (match === null || (match[1] === '' && match[2] === '') || (ifRange !== undefined && ifRange !== etag)) return null
  const start = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1])
  const end = match[1] === '' || match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1)
  return start > end || start >= size ? 'impossible' : { start, end }
}

async function stream(request, response, handle, status, start, length) {
  response.setHeader('content-length', length)
  if (request.method === 'HEAD' || length === 0) return end(response, handle, status)
  response.writeHead(status)
  const body = createReadStream('', { fd: handle, start, end: start + length - 1 }) // closes the handle
  body.on('error', () => response.destroy())
  response.on('close', () => body.destroy())
  body.pipe(response)
}

async function end(response, handle, status) {
  await handle.close()
  response.writeHead(status)
  response.end()
}

function plain(response, status, text) {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' })
  response.end(`${text}\n`)
}

server.keepAliveTimeout = 75_000 // longer than the ingress keeps a connection, so that it is never the one that closes first
server.listen(port, process.env.HOST ?? '0.0.0.0', () => console.log(`serving ${root} on port ${port}`))
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    server.close(() => process.exit(0))
    server.closeIdleConnections()
  })
}
