// Brings the steps of an order up to date until it is sent. Without it the page says what was so when it was loaded.
const steps = document.querySelector('.steps')

async function look() {
  const response = await fetch(location.href).catch(() => undefined)
  if (response?.ok) {
    const page = new DOMParser().parseFromString(await response.text(), 'text/html')
    const fresh = page.querySelector('.steps')
    if (fresh && fresh.innerHTML !== steps.innerHTML) steps.innerHTML = fresh.innerHTML
    if (page.title.startsWith('Order sent')) return
  }
  setTimeout(look, 700)
}

setTimeout(look, 700)
