/** `docker run --restart=always` behind a proxy that somebody configured by hand: what most small teams have. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Engine from 'dockerode'
import { loopback } from '#test/harness/request-loop.ts'
import { freePort } from '#test/harness/port.ts'
import { until } from '#test/harness/wait.ts'
import { type Started, startPinned } from '../rig/processes.ts'
import { appSource } from './app.ts'
import { type Contestant, hang, signalTo } from './contestant.ts'

const subnet = '10.222.77'
const image = process.env['BENCH_IMAGE'] ?? 'nightshift/base:bookworm'
const allCores = '0-1'

type Proxy = { name: string; program: string; start(folder: string, port: number, servers: string[]): Started }

const nginx: Proxy = {
  name: 'nginx',
  program: 'nginx',
  start(folder, port, servers) {
    const file = join(folder, 'nginx.conf')
    writeFileSync(
      file,
      `daemon off; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  upstream app { ${servers.map((server) => `server ${server};`).join(' ')} keepalive 64; }
  server { listen 127.0.0.1:${port}; location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; } }
}
`,
    )
    return startPinned(allCores, ['nginx', '-p', folder, '-c', file])
  },
}

const haproxy = (tuned: boolean): Proxy => ({
  name: tuned ? 'haproxy, tuned' : 'haproxy',
  program: 'haproxy',
  start(folder, port, servers) {
    const file = join(folder, 'haproxy.cfg')
    const check = tuned ? 'check inter 1s fall 2 rise 1 observe layer7 error-limit 5 on-error mark-down' : 'check'
    writeFileSync(
      file,
      `defaults
  mode http
  timeout connect ${tuned ? '1s' : '5s'}
  timeout client 60s
  timeout server ${tuned ? '1s' : '60s'}
  ${tuned ? 'retries 3\n  option redispatch 1\n  retry-on conn-failure empty-response response-timeout' : ''}
frontend in
  bind 127.0.0.1:${port}
  ${tuned ? 'http-request disable-l7-retry if METH_POST' : ''}
  default_backend app
backend app
  balance leastconn
  option httpchk GET /up
${servers.map((server, nth) => `  server s${nth} ${server} ${check}`).join('\n')}
`,
    )
    return startPinned(allCores, ['haproxy', '-db', '-q', '-f', file])
  },
})

const dockerBehind = (proxy: Proxy): Contestant => ({
  name: `docker --restart=always, ${proxy.name}`,
  programs: [proxy.program],
  docker: true,
  async start(folder, count) {
    const engine = new Engine({ socketPath: '/var/run/docker.sock' })
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'server.js'), appSource)
    const name = `bench-heal-${process.pid}`
    const network = await engine.createNetwork({ Name: name, IPAM: { Driver: 'default', Config: [{ Subnet: `${subnet}.0/24`, Gateway: `${subnet}.1` }] } })
    const node = join(import.meta.dirname, '../../node_modules/node/bin/node')
    const containers: Engine.Container[] = []
    const dispose = async () => {
      for (const container of containers) await container.remove({ force: true, v: true })
      await network.remove()
    }
    try {
      for (let nth = 0; nth < count; nth++) {
        const container = await engine.createContainer({
          Image: image,
          name: `${name}-${nth}`,
          Tty: true, // its log is the bare text then
          Cmd: ['/node', '/server.js'],
          HostConfig: { RestartPolicy: { Name: 'always' }, Binds: [`${node}:/node:ro`, `${join(folder, 'server.js')}:/server.js:ro`], NetworkMode: name },
          NetworkingConfig: { EndpointsConfig: { [name]: { IPAMConfig: { IPv4Address: `${subnet}.${10 + nth}` } } } },
        })
        containers.push(container)
        await container.start()
      }
      const port = await freePort()
      const started = proxy.start(folder, port, containers.map((_, nth) => `${subnet}.${10 + nth}:8080`))
      const url = `http://127.0.0.1:${port}`
      await until(() => answers(url), { timeoutMs: 30_000, because: `${proxy.name} serves` })
      return {
        url,
        async strike(how) {
          const [victim] = containers as [Engine.Container]
          if (how === 'restart') for (const container of containers) await container.restart({ t: 10 })
          else if (how === 'hang') await hang(`${subnet}.10:8080`)
          else signalTo((await victim.inspect()).State.Pid, how)
        },
        async lines() {
          const logs = await Promise.all(containers.map((container) => container.logs({ stdout: true, stderr: true, follow: false })))
          return logs.flatMap((log) => log.toString('utf8').split(/\r?\n/))
        },
        async [Symbol.asyncDispose]() {
          await started.stop()
          await dispose()
        },
      }
    } catch (error) {
      await dispose()
      throw error
    }
  },
})

async function answers(url: string): Promise<boolean> {
  const { request } = await import('node:http')
  return new Promise((resolve) => {
    const call = request(url, { lookup: loopback, timeout: 1000, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    call.on('timeout', () => call.destroy())
    call.on('error', () => resolve(false))
    call.end()
  })
}

export const dockerContestants: Contestant[] = [dockerBehind(nginx), dockerBehind(haproxy(false)), dockerBehind(haproxy(true))]
