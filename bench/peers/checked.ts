/** What is checked: answers every path, and says on its standard output who came when, in batches of a tenth of a second. Standard input: paths that are broken from now on. */
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'

let broken = new Set<string>()
let seen: [string, number, number][] = []
const server = createServer((request, response) => {
  const path = (request.url ?? '/').slice(1)
  const status = broken.has(path) ? 503 : 200
  seen.push([path, Date.now(), status])
  response.writeHead(status, { connection: 'close' }).end('hello')
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') process.stdout.write(`${JSON.stringify({ port: address.port })}\n`)
})
setInterval(() => {
  if (seen.length > 0) process.stdout.write(`${JSON.stringify({ seen })}\n`)
  seen = []
}, 100)
createInterface({ input: process.stdin }).on('line', (line) => {
  broken = new Set(JSON.parse(line) as string[])
}).on('close', () => process.exit(0))
