import { createServer } from 'node:http'

const server = createServer((request, response) => {
  response.end(`hello from ${process.env.NIGHTSHIFT_INSTANCE ?? 'node'} ${process.version}\n`)
})
server.keepAliveTimeout = 65_000
server.listen(Number(process.env.PORT ?? 3000), () => console.log(`listening on ${server.address().port}`))
process.on('SIGTERM', () => {
  server.close(() => process.exit(0))
  server.closeIdleConnections()
})
