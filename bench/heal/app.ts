/**
 * The program that everybody runs here, as one file of plain Node. Each answer names the process by a random id, so that one
 * sees from outside who answers; each POST is written to standard output before it is answered, so that what was carried out
 * twice stands there twice. `/hang` makes the process accept and answer nothing from then on, its health path included.
 */
export const appSource = `
const id = require('node:crypto').randomBytes(6).toString('hex')
let hung = false
const server = require('node:http').createServer((request, response) => {
  if (request.url === '/hang') hung = true
  if (hung) return
  if (request.method === 'POST') require('node:fs').writeSync(1, 'did ' + request.url + '\\n')
  response.setHeader('x-process', id)
  setTimeout(() => response.end('ok'), 2)
})
server.listen(Number(process.env.PORT || 8080))
process.on('SIGTERM', () => server.close(() => process.exit(0)))
process.on('SIGINT', () => server.close(() => process.exit(0)))
`
