// The shop front: HTML from what the api says. A visitor is a random id in a cookie, which names a cart.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { listen, log, onStop, readBody } from '../lib/service.js'
import { cartPage, frontPage, orderPage, ordersPage, troublePage } from './page.js'

const apiUrl = process.env.API_URL ?? 'http://127.0.0.1:7002'
const file = (name, type) => ({ type, body: readFileSync(new URL(name, import.meta.url)) })
const files = new Map([['/style.css', file('style.css', 'text/css')], ['/steps.js', file('steps.js', 'text/javascript')]])
const trouble = (status, message) => Object.assign(new Error(message), { status })

/** Asks the api; what it refuses is the visitor's to know, what it cannot do is tried again for a while. */
async function api(method, path, value) {
  for (let pause = 50; ; pause *= 2) {
    try {
      const response = await fetch(apiUrl + path, {
        method,
        signal: AbortSignal.timeout(20_000),
        ...(value === undefined ? {} : { body: JSON.stringify(value), headers: { 'content-type': 'application/json' } }),
      })
      const answer = await response.json()
      if (response.ok) return answer
      throw trouble(response.status, answer.error)
    } catch (error) {
      if ((error.status !== undefined && error.status < 500) || pause > 800) throw error
      await new Promise((resolve) => setTimeout(resolve, pause)) // every call of ours may be made twice
    }
  }
}

function visitorOf(request) {
  const known = /(?:^|;\s*)visitor=([a-z0-9-]{36})(?:;|$)/.exec(request.headers.cookie ?? '')?.[1]
  return known ? { id: known, headers: {} } : { id: crypto.randomUUID(), fresh: true }
}

const seeOther = (location) => ({ status: 303, headers: { location }, body: '' })
const html = (body) => ({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body })

async function setQuantity(visitor, product, change) {
  const cart = await api('GET', `/carts/${visitor}`)
  await api('PUT', `/carts/${visitor}`, { ...cart, [product]: Math.min(99, Math.max(0, change(cart[product] ?? 0))) })
  return seeOther('/cart')
}

async function answer(request, visitor) {
  const { pathname } = new URL(request.url, 'http://shop')
  const form = request.method === 'POST' ? new URLSearchParams(await readBody(request)) : undefined
  const order = /^\/orders\/([a-z0-9-]{1,40})$/.exec(pathname)?.[1]
  if (request.method === 'GET' || request.method === 'HEAD') {
    const known = files.get(pathname)
    if (known) return { status: 200, headers: { 'content-type': `${known.type}; charset=utf-8`, 'cache-control': 'max-age=300' }, body: known.body }
    const cart = visitor.fresh ? {} : await api('GET', `/carts/${visitor.id}`)
    if (pathname === '/') return html(frontPage(await api('GET', '/products'), cart))
    if (pathname === '/cart') return html(cartPage(await api('GET', '/products'), cart))
    if (pathname === '/orders') return html(ordersPage(await api('GET', '/orders'), cart))
    if (order) return html(orderPage(await api('GET', `/orders/${order}`), await api('GET', '/products'), cart))
  } else if (form) {
    const product = form.get('product') ?? ''
    if (pathname === '/cart/add') return setQuantity(visitor.id, product, (quantity) => quantity + 1)
    if (pathname === '/cart/set') return setQuantity(visitor.id, product, () => Math.trunc(Number(form.get('quantity')) || 0))
    if (pathname === '/orders') {
      const placed = await api('POST', '/orders', { id: form.get('id'), cart: visitor.id, name: form.get('name') })
      return seeOther(`/orders/${placed.id}`)
    }
  }
  throw trouble(404, 'There is nothing here.')
}

const server = createServer(async (request, response) => {
  if (request.url === '/up') return response.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n')
  const visitor = visitorOf(request)
  let result
  try {
    result = await answer(request, visitor)
  } catch (error) {
    const known = error.status !== undefined && error.status < 500
    if (!known) log('failed', { request: request.url, because: error.message })
    const body = known
      ? troublePage(error.status === 404 ? 'Nothing here' : 'That did not work', error.message)
      : troublePage('One moment', 'The till does not answer. This page tries again by itself.')
    result = { status: known ? error.status : 503, headers: { 'content-type': 'text/html; charset=utf-8', ...(known ? {} : { 'retry-after': '2', refresh: '2' }) }, body }
  }
  const cookie = visitor.fresh ? { 'set-cookie': `visitor=${visitor.id}; Path=/; HttpOnly; SameSite=Lax; Max-Age=2592000` } : {}
  response.writeHead(result.status, { ...result.headers, ...cookie, 'content-length': Buffer.byteLength(result.body) })
  response.end(request.method === 'HEAD' ? undefined : result.body)
})

const close = listen(server)
onStop(close)
