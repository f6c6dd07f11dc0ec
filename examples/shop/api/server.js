// Products, carts and orders as JSON.
//   GET  /products          GET /products/ID
//   GET  /carts/ID          PUT /carts/ID     { "lantern": 2 }
//   POST /orders            { "id": …, "cart": ID, "name": … }   the id is the caller's, so that asking twice is asking once
//   GET  /orders            GET /orders/ID
import { createServer } from 'node:http'
import { listen, log, onStop, readBody, sendJson } from '../lib/service.js'
import { openStore } from '../lib/store-client.js'
import { productById, products } from './products.js'

const store = openStore()
const refuse = (status, message) => Object.assign(new Error(message), { status })
const isId = (text) => typeof text === 'string' && /^[a-z0-9-]{1,40}$/.test(text)

function parseCart(value) {
  if (typeof value !== 'object' || value === null) throw refuse(400, 'a cart is an object of product and quantity')
  return Object.fromEntries(
    Object.entries(value).filter(([id, quantity]) => {
      if (!productById.has(id)) throw refuse(400, `there is no product "${id}"`)
      if (!Number.isInteger(quantity) || quantity < 0 || quantity > 99) throw refuse(400, `"${quantity}" is not a quantity (0 to 99)`)
      return quantity > 0
    }),
  )
}

async function placeOrder({ id, cart, name }) {
  if (!isId(id) || !isId(cart)) throw refuse(400, 'an order needs an id and a cart')
  if (typeof name !== 'string' || name.trim() === '' || name.length > 80) throw refuse(400, 'an order needs a name (at most 80 characters)')
  const known = await store.get(`order/${id}`)
  if (known) return known
  const items = (await store.get(`cart/${cart}`)) ?? {}
  if (Object.keys(items).length === 0) throw refuse(409, 'the cart is empty')
  const total = Object.entries(items).reduce((sum, [product, quantity]) => sum + productById.get(product).price * quantity, 0)
  const order = { id, name: name.trim(), items, total, state: 'new', at: new Date().toISOString() }
  if (!(await store.add(`order/${id}`, order))) return store.get(`order/${id}`)
  await store.set(`cart/${cart}`, {})
  log('order placed', { order: id, total })
  return order
}

async function answer(method, path, body) {
  const [kind, id, more] = path.split('/').slice(1)
  if (more !== undefined || (id !== undefined && !isId(id))) throw refuse(404, 'there is nothing here')
  switch (`${method} /${kind}${id === undefined ? '' : '/ID'}`) {
    case 'GET /products':
      return products
    case 'GET /products/ID':
      return productById.get(id)
    case 'GET /carts/ID':
      return (await store.get(`cart/${id}`)) ?? {}
    case 'PUT /carts/ID': {
      const cart = parseCart(body())
      await store.set(`cart/${id}`, cart)
      return cart
    }
    case 'GET /orders':
      return (await store.list('order/')).map(([, order]) => order).toSorted((a, b) => (a.at < b.at ? 1 : -1))
    case 'GET /orders/ID':
      return store.get(`order/${id}`)
    case 'POST /orders':
      return placeOrder(body() ?? {})
    default:
      throw refuse(404, 'there is nothing here')
  }
}

const server = createServer(async (request, response) => {
  try {
    // whether we work, not whether the store does: restarting us would not cure it
    if (request.url === '/up') return sendJson(response, 200, { ok: true })
    const text = await readBody(request)
    const body = () => {
      try {
        return JSON.parse(text)
      } catch {
        throw refuse(400, 'the body is not JSON')
      }
    }
    const value = await answer(request.method, new URL(request.url, 'http://api').pathname, body)
    if (value === undefined) throw refuse(404, 'there is nothing here')
    sendJson(response, request.method === 'POST' ? 201 : 200, value)
  } catch (error) {
    const status = error.status ?? 503
    if (status === 503) log('failed', { request: request.url, because: error.message })
    if (!response.headersSent) sendJson(response, status, { error: status === 503 ? 'the data store does not answer; try again' : error.message })
  }
})

const close = listen(server)
onStop(async () => {
  await close()
  store.close()
})
