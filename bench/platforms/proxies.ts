/** Proxies as somebody configures them by hand: started with the servers they have, told by a reload when those change. */
import { connect } from 'node:net'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { startPinned } from '../rig/processes.ts'

export type Proxy = {
  name: string
  program: string
  /** Servers as host:port; it may have none. */
  start(folder: string, port: number, servers: readonly string[]): RunningProxy
}

export type RunningProxy = {
  /** Which servers it believes in; empty: it never says; null: not now. */
  state(): Promise<string | null>
  reload(servers: readonly string[]): void
  stop(): Promise<void>
}

const allCores = '0-1'

function configured(file: string, argv: string[], configOf: (servers: readonly string[]) => string, servers: readonly string[], how: { reload: NodeJS.Signals; state: () => Promise<string | null> }): RunningProxy {
  writeFileSync(file, configOf(servers))
  const started = startPinned(allCores, argv)
  return {
    state: how.state,
    reload(next) {
      writeFileSync(file, configOf(next))
      process.kill(started.pid, how.reload)
    },
    stop: () => started.stop(),
  }
}

export const nginx: Proxy = {
  name: 'nginx',
  program: 'nginx',
  start(folder, port, servers) {
    const file = join(folder, 'nginx.conf')
    // an upstream must name a server: the port of nobody where there is none
    const configOf = (list: readonly string[]) => `daemon off; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
worker_shutdown_timeout 10s;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  upstream app { ${(list.length === 0 ? ['127.0.0.1:1'] : list).map((server) => `server ${server};`).join(' ')} keepalive 64; }
  server { listen 127.0.0.1:${port}; location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; } }
}
`
    return configured(file, ['nginx', '-p', folder, '-c', file], configOf, servers, { reload: 'SIGHUP', state: async () => '' })
  },
}

export const haproxy = (isTuned: boolean): Proxy => ({
  name: isTuned ? 'tuned haproxy' : 'haproxy',
  program: 'haproxy',
  start(folder, port, servers) {
    const file = join(folder, 'haproxy.cfg')
    const socket = join(folder, 'haproxy.sock')
    const check = isTuned ? 'check inter 1s fall 2 rise 1 observe layer7 error-limit 5 on-error mark-down' : 'check'
    const configOf = (list: readonly string[]) => `global
  stats socket ${socket}
  hard-stop-after 10s
defaults
  mode http
  timeout connect ${isTuned ? '1s' : '5s'}
  timeout client 60s
  timeout server ${isTuned ? '1s' : '60s'}
  ${isTuned ? 'retries 3\n  option redispatch 1\n  retry-on conn-failure empty-response response-timeout' : ''}
frontend in
  bind 127.0.0.1:${port}
  ${isTuned ? 'http-request disable-l7-retry if METH_POST' : ''}
  default_backend app
backend app
  balance leastconn
  option httpchk GET /up
${list.map((server) => `  server ${server.replace(':', '_')} ${server} ${check}`).join('\n')}
`
    return configured(file, ['haproxy', '-W', '-db', '-q', '-f', file], configOf, servers, { reload: 'SIGUSR2', state: () => serversUp(socket) })
  },
})

/** Of its statistics (CSV; field 2 is the server, 18 its status), of the servers of `app` alone. */
async function serversUp(socket: string): Promise<string | null> {
  try {
    const connection = connect(socket)
    connection.end('show stat\n')
    const rows = (await text(connection)).split('\n').map((line) => line.split(','))
    return rows.filter(([backend, server]) => backend === 'app' && server !== 'BACKEND').map((row) => `${row[1]} ${row[17]?.split(' ')[0]}`).join(' ')
  } catch {
    return null // it reloads
  }
}
