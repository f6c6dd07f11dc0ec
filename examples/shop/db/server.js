// The shop's data store. Lines in, lines out, words separated by tabs, values as JSON:
//   get KEY             → ok VALUE | none
//   list PREFIX         → ok [[KEY, VALUE], …] in the order of keys
//   set KEY VALUE       → ok
//   add KEY VALUE       → ok | exists       (if nothing, or the same, is there)
//   swap KEY OLD NEW    → ok | changed      (if OLD, or already NEW, is there)
// Anything else → error TEXT. The data is in DATA_DIR, which is a volume under Nightshift.
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { log, onStop } from '../lib/service.js'
import { openLog } from './log.js'

const store = openLog(process.env.DATA_DIR ?? 'data')
const { values } = store

async function write(key, text) {
  JSON.parse(text)
  await store.put(key, text)
  return 'ok'
}

const commands = {
  get: (key) => (values.has(key) ? `ok\t${values.get(key)}` : 'none'),
  list(prefix) {
    const found = [...values].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1))
    return `ok\t[${found.map(([key, text]) => `[${JSON.stringify(key)},${text}]`).join(',')}]`
  },
  set: write,
  add: (key, text) => (!values.has(key) ? write(key, text) : values.get(key) === text ? 'ok' : 'exists'),
  swap: (key, from, to) => (values.get(key) === from ? write(key, to) : values.get(key) === to ? 'ok' : 'changed'),
}

async function answer(line) {
  const [name, key, ...rest] = line.split('\t')
  if (!Object.hasOwn(commands, name)) return `error\tunknown command ${JSON.stringify(name)}`
  if (!key || rest.length !== commands[name].length - 1) return `error\t${name} takes ${commands[name].length} words`
  try {
    return await commands[name](key, ...rest)
  } catch (error) {
    return `error\t${error.message.replaceAll(/[\t\n]/g, ' ')}`
  }
}

const sockets = new Set()
const server = createServer({ noDelay: true }, (socket) => {
  sockets.add(socket)
  socket.on('close', () => sockets.delete(socket))
  socket.on('error', () => socket.destroy())
  // answers leave in the order of their commands
  let last = Promise.resolve()
  const lines = createInterface({ input: socket })
  lines.on('error', () => {})
  lines.on('line', (line) => {
    const mine = answer(line)
    last = last.then(async () => void (socket.writable && socket.write(`${await mine}\n`)))
  })
})

server.listen(Number(process.env.PORT ?? 7001), () => log('the data store is open', { port: server.address().port, keys: values.size }))
onStop(async () => {
  server.close()
  for (const socket of sockets) socket.end()
  await store.close()
})
