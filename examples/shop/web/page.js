// HTML of the shop. Everything that came from outside goes through `escape`.
import { art } from './art.js'

export const escape = (text) => String(text).replaceAll(/[&<>"']/g, (mark) => `&#${mark.codePointAt(0)};`)
export const money = (cents) => `€\u00a0${(cents / 100).toFixed(2)}`
const plural = (count, word) => `${count} ${word}${count === 1 ? '' : 's'}`
const countOf = (cart) => Object.values(cart).reduce((sum, quantity) => sum + quantity, 0)

export function page({ title, body, cart = {} }) {
  const count = countOf(cart)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(title)} · Lamplight</title>
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='6' fill='%23e0a030'/%3E%3C/svg%3E">
<link rel="stylesheet" href="/style.css">
</head>
<body>
<a class="skip" href="#main">Skip to the goods</a>
<header>
  <a class="brand" href="/">${art('moon')}<span>Lamplight</span></a>
  <nav aria-label="Shop"><a href="/orders">Orders</a> <a class="cart" href="/cart" aria-label="Cart, ${plural(count, 'item')}">Cart <span class="count">${count}</span></a></nav>
</header>
<main id="main">
${body}
</main>
<footer>Served by <strong>${escape(process.env.NIGHTSHIFT_INSTANCE ?? 'web')}</strong>, release ${escape(process.env.NIGHTSHIFT_RELEASE ?? 'dev')}. An example that comes with Nightshift; nothing here can be bought.</footer>
</body>
</html>
`
}

export function frontPage(products, cart) {
  const cards = products.map(
    (product) => `<li class="card">
  <div class="art">${art(product.art)}</div>
  <h2>${escape(product.name)}</h2>
  <p>${escape(product.text)}</p>
  <form method="post" action="/cart/add">
    <input type="hidden" name="product" value="${escape(product.id)}">
    <span class="price">${money(product.price)}</span>
    <button aria-label="Add to cart: ${escape(product.name)}">Add to cart</button>
  </form>
</li>`,
  )
  const body = `<section class="hero"><h1>Goods for the small hours</h1><p>Light, warmth and something hot. Packed at night, sent by morning.</p></section>
<ul class="grid">${cards.join('\n')}</ul>`
  return page({ title: 'Goods for the small hours', body, cart })
}

export function cartPage(products, cart) {
  const lines = products.filter(({ id }) => cart[id] > 0)
  if (lines.length === 0)
    return page({ title: 'Your cart', cart, body: '<h1>Your cart</h1><p class="empty">Nothing in it yet. <a href="/">See the goods</a></p>' })
  const total = lines.reduce((sum, { id, price }) => sum + price * cart[id], 0)
  const rows = lines.map(
    ({ id, name, price }) => `<tr>
  <th scope="row">${escape(name)}</th>
  <td><form method="post" action="/cart/set"><input type="hidden" name="product" value="${escape(id)}">
    <input type="number" name="quantity" min="0" max="99" value="${cart[id]}" aria-label="Quantity of ${escape(name)}"><button class="quiet">Change</button></form></td>
  <td class="number">${money(price * cart[id])}</td>
</tr>`,
  )
  const body = `<h1>Your cart</h1>
<table><thead><tr><th scope="col">Goods</th><th scope="col">Quantity</th><th scope="col" class="number">Price</th></tr></thead>
<tbody>${rows.join('\n')}</tbody>
<tfoot><tr><th scope="row" colspan="2">Total</th><td class="number">${money(total)}</td></tr></tfoot></table>
<form class="order" method="post" action="/orders">
  <input type="hidden" name="id" value="${crypto.randomUUID()}">
  <label>Your name <input name="name" required maxlength="80" autocomplete="name"></label>
  <button>Place the order</button>
</form>`
  return page({ title: 'Your cart', cart, body })
}

const steps = ['new', 'packed', 'sent']
const stepWords = { new: 'Received', packed: 'Packed', sent: 'Sent' }

export function orderPage(order, products, cart) {
  const at = steps.indexOf(order.state)
  const items = products.filter(({ id }) => order.items[id] > 0).map(({ id, name }) => `<li>${order.items[id]} × ${escape(name)}</li>`)
  const body = `<h1>Thank you, ${escape(order.name)}</h1>
<p>Order <code>${escape(order.id.slice(0, 8))}</code>, ${money(order.total)}</p>
<ol class="steps" aria-label="Progress" aria-live="polite">${steps
    .map((step, index) => `<li class="${index <= at ? 'done' : ''}"${index === at ? ' aria-current="step"' : ''}>${stepWords[step]}</li>`)
    .join('')}</ol>
<ul class="items">${items.join('')}</ul>
<p><a href="/">Back to the goods</a></p>
${order.state === 'sent' ? '' : '<script src="/steps.js" defer></script>'}`
  return page({ title: `Order ${stepWords[order.state].toLowerCase()}`, cart, body })
}

export function ordersPage(orders, cart) {
  const rows = orders.slice(0, 50).map(
    (order) => `<tr><th scope="row"><a href="/orders/${escape(order.id)}"><code>${escape(order.id.slice(0, 8))}</code></a></th>
<td>${escape(order.name)}</td><td>${stepWords[order.state] ?? escape(order.state)}</td><td class="number">${money(order.total)}</td></tr>`,
  )
  const body =
    rows.length === 0
      ? '<h1>Orders</h1><p class="empty">No order yet. <a href="/">Be the first</a></p>'
      : `<h1>Orders</h1><table><thead><tr><th scope="col">Order</th><th scope="col">For</th><th scope="col">State</th><th scope="col" class="number">Total</th></tr></thead><tbody>${rows.join('\n')}</tbody></table>`
  return page({ title: 'Orders', cart, body })
}

export function troublePage(title, text) {
  return page({ title, body: `<section class="hero"><h1>${escape(title)}</h1><p>${escape(text)}</p><p><a href="/">Back to the shop</a></p></section>` })
}
