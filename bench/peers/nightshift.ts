/** The proxy process alone, with its route table and endpoints on disk: no control, no agent. Arguments: home, HTTP port, HTTPS port. */
import { runProxy } from '#data-plane/proxy/run.ts'

const [home = '', httpPort, httpsPort] = process.argv.slice(2)
const proxy = await runProxy({
  home,
  controlUrl: null,
  token: '',
  httpHost: '127.0.0.1',
  httpPort: Number(httpPort),
  httpsPort: Number(httpsPort),
  log: { info() {}, warn: (message) => process.stderr.write(`${message}\n`) },
})
process.once('SIGTERM', () => void proxy.close().then(() => process.exit(0)))
