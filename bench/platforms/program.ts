/**
 * The program that everybody runs here, as one file of plain Node. Each answer names the process by a random id and the release
 * by its words, so that one sees from outside who answers; each POST is written to standard output before it is answered, so that
 * what was carried out twice stands there twice. `/hang` makes the process answer nothing from then on, its health path included.
 */
export type Program = {
  /** What it answers with. */
  words: string
  status?: number
  /** What its health path answers. */
  up?: number
  slowMs?: number
  /** An expression; the port that it is given otherwise. */
  port?: string
  /** Kept for ever of each request. */
  leakKib?: number
  /** Run before anything else, or at the end. */
  first?: string
  last?: string
}

export function sourceOf({ words, status = 200, up = 200, slowMs = 2, port = 'Number(process.env.PORT || 8080)', leakKib = 0, first = '', last = '' }: Program): string {
  return `${first}
const id = '${words}-' + require('node:crypto').randomBytes(6).toString('hex')
const kept = []
let hung = false
const server = require('node:http').createServer((request, response) => {
  if (request.url === '/hang') hung = true
  if (hung) return
  request.resume()
  if (request.url === '/up') return response.writeHead(${up}).end()
  if (request.method === 'POST') require('node:fs').writeSync(1, 'did ' + request.url + '\\n')
  if (${leakKib} > 0) kept.push(Buffer.alloc(${leakKib} * 1024, 1))
  setTimeout(() => response.writeHead(${status}, { 'x-process': id }).end('${words}'), ${slowMs})
})
server.listen(${port})
process.on('SIGTERM', () => server.close(() => process.exit(0)))
process.on('SIGINT', () => server.close(() => process.exit(0)))
${last}
`
}
