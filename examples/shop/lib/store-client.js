// A client of ../db: one connection, kept open, opened again when it breaks. A command whose answer did not come is sent
// again, which is safe for all of them: `set` and `get` by nature, `add` and `swap` because they compare first.
import { connect } from 'node:net'
import { createInterface } from 'node:readline'

const answerMs = 2000

export function openStore({ host = process.env.DB_HOST ?? '127.0.0.1', port = Number(process.env.DB_PORT ?? 7001) } = {}) {
  let socket
  let waiting = [] // in the order they were sent, which is the order of the answers
  let closed = false

  function open() {
    const fresh = connect({ host, port, noDelay: true })
    socket = fresh
    const lines = createInterface({ input: fresh })
    lines.on('error', () => {}) // the socket's own event tells
    lines.on('line', (line) => waiting.shift()?.resolve(line))
    fresh.on('error', () => {})
    fresh.on('close', () => {
      if (socket !== fresh) return
      socket = undefined
      const lost = waiting
      waiting = []
      for (const each of lost) each.reject(new Error('the data store went away'))
    })
  }

  function once(line) {
    if (!socket) open()
    const used = socket
    return new Promise((resolve, reject) => {
      // an answer that is late would be taken for the next command's: give the connection up
      const timer = setTimeout(() => used.destroy(), answerMs)
      waiting.push({
        resolve: (answer) => (clearTimeout(timer), resolve(answer)),
        reject: (error) => (clearTimeout(timer), reject(error)),
      })
      used.write(`${line}\n`)
    })
  }

  async function ask(...words) {
    const line = words.join('\t')
    for (let pause = 50, left = 8; ; pause = Math.min(pause * 2, 1000), left--) {
      try {
        const [word, value] = (await once(line)).split('\t')
        if (word === 'error') throw Object.assign(new Error(value), { refused: true })
        return { word, value: value === undefined ? undefined : JSON.parse(value) }
      } catch (error) {
        if (closed || error.refused || left === 0) throw error
        await new Promise((resolve) => setTimeout(resolve, pause))
      }
    }
  }

  return {
    async get(key) {
      return (await ask('get', key)).value
    },
    /** [key, value] pairs in the order of their keys. */
    async list(prefix) {
      return (await ask('list', prefix)).value
    },
    async set(key, value) {
      await ask('set', key, JSON.stringify(value))
    },
    /** Sets `key` if it is not there; adding the same value twice is adding it once. Answers whether it stands there now. */
    async add(key, value) {
      return (await ask('add', key, JSON.stringify(value))).word === 'ok'
    },
    /** Replaces `from` by `to`; answers whether `to` stands there now. */
    async swap(key, from, to) {
      return (await ask('swap', key, JSON.stringify(from), JSON.stringify(to))).word === 'ok'
    },
    close() {
      closed = true
      socket?.destroy()
    },
  }
}
