/** An app whose services are made sick at will: a file by the name of a service says what its instances do, and which of them. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Sickness = {
  /** crash: it ends, also at each start · hang: it answers nothing · fat: it takes more memory than it may */
  do: 'crash' | 'hang' | 'fat'
  /** Part of the folder that the instance runs in, which names the instance, its generation and its attempt; '': all of them. */
  of: string
  /** Only with BROKEN in its environment. */
  broken?: boolean
}

export type SickApps = AsyncDisposable & {
  /** A folder to deploy: an app of these services, as YAML by their names. */
  app(name: string, services: string, deploy?: string): Promise<string>
  infect(service: string, sickness: Sickness): Promise<void>
  cure(service: string): Promise<void>
}

/** Answers /crash by ending, /up by whether it and what it needs is well, and all else by 200, or 500 from /break on, or late from /dawdle on. */
const server = (flags: string) => `
const fs = require('node:fs'), http = require('node:http')
const { NIGHTSHIFT_SERVICE: me, BROKEN, SLOW_START, NEED_URL, PORT } = process.env
function sickness() {
  try {
    const told = JSON.parse(fs.readFileSync(${JSON.stringify(flags)} + '/' + me, 'utf8'))
    return process.cwd().includes(told.of) && (!told.broken || BROKEN) ? told.do : null
  } catch { return null }
}
const kept = []
let broken = false, lateMs = 0
function live() {
  const now = sickness()
  if (now === 'crash') process.exit(1)
  if (now === 'fat') kept.push(Buffer.alloc(32 * 1024 * 1024, 1))
}
if (!BROKEN) live()
setInterval(live, BROKEN ? 1500 : 100)
if (BROKEN === 'at once') process.exit(3)
const server = http.createServer((request, response) => {
  const say = (status) => response.writeHead(status).end(me)
  if (sickness() === 'hang') return
  if (request.url === '/crash') process.exit(1)
  if (request.url === '/break') broken = true
  if (request.url === '/dawdle') lateMs = 600
  if (request.url !== '/up') return setTimeout(say, lateMs, broken ? 500 : 200)
  if (!NEED_URL) return say(200)
  http.get(NEED_URL + '/up', { timeout: 500 }, (answer) => { answer.resume(); say(answer.statusCode) })
    .on('timeout', function () { this.destroy() }).on('error', () => say(503))
})
setTimeout(() => server.listen(PORT), Number(SLOW_START ?? 0))
process.on('SIGTERM', () => process.exit(0))
`

export async function sickApps(): Promise<SickApps> {
  const folder = await mkdtemp(join(tmpdir(), 'ns-sick-'))
  const flags = join(folder, 'flags')
  await mkdir(flags)
  await Promise.all([chmod(folder, 0o755), chmod(flags, 0o755)]) // apps run as users of their own
  return {
    async app(name, services, deploy = '{ bake: 0s }') {
      const at = join(folder, name)
      await mkdir(at)
      await writeFile(join(at, 'server.js'), server(flags))
      await writeFile(join(at, 'nightshift.yml'), `name: ${name}\ndeploy: ${deploy}\nservices:\n${services}`)
      return at
    },
    async infect(service, sickness) {
      await writeFile(join(flags, service), JSON.stringify(sickness), { mode: 0o644 })
    },
    cure: (service) => rm(join(flags, service), { force: true }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
