/** Prices in cents. `art` is what the shop front draws. */
export const products = [
  { id: 'lantern', name: 'Storm lantern', price: 3900, art: 'lantern', text: 'Burns through wind, rain and the small hours.' },
  { id: 'tea', name: 'Night tea', price: 850, art: 'tea', text: 'Lemon balm, lavender, and nothing to keep you up.' },
  { id: 'blanket', name: 'Wool blanket', price: 7200, art: 'blanket', text: 'Heavy, undyed, big enough for two.' },
  { id: 'starmap', name: 'Star map', price: 2400, art: 'starmap', text: 'The sky over your house, printed on dark paper.' },
  { id: 'mug', name: 'Enamel mug', price: 1600, art: 'mug', text: 'Falls off tables and does not mind.' },
  { id: 'bell', name: 'Brass bell', price: 2900, art: 'bell', text: 'For those who insist on being woken.' },
]

export const productById = new Map(products.map((product) => [product.id, product]))
