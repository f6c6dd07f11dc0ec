// Takes new orders to "packed" and packed ones to "sent", one step at a time. Each step is a swap in the store: a worker
// that dies between two steps loses nothing, and two workers never do the same step twice.
import { log, onStop } from '../lib/service.js'
import { openStore } from '../lib/store-client.js'

const next = { new: 'packed', packed: 'sent' }
const restMs = Number(process.env.REST_MS ?? 1000)

const store = openStore()
let stopped = false
let wake = () => {}
const rest = () =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, restMs)
    wake = () => (clearTimeout(timer), resolve())
  })

async function work() {
  log('ready for orders')
  while (!stopped) {
    try {
      for (const [key, order] of await store.list('order/')) {
        if (stopped || next[order.state] === undefined) continue
        const done = { ...order, state: next[order.state] }
        if (await store.swap(key, order, done)) log(`order ${done.state}`, { order: order.id })
      }
    } catch (error) {
      log('the data store does not answer, trying again', { because: error.message })
    }
    if (!stopped) await rest()
  }
}

const working = work()
onStop(async () => {
  stopped = true
  wake()
  await working
  store.close()
})
