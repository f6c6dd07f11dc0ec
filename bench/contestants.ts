/**
 * Who is measured by ingress.ts: each a program with one worker on one core, plain HTTP and TLS on ports of its own,
 * relaying to the same backend over kept connections and saying who the client is. What is not installed is left out.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Endpoint, RouteTable } from '#contract/wire.ts'
import { note } from './rig/report.ts'
import { type Started, startPinned } from './rig/processes.ts'

export type Ground = { folder: string; cores: string; backendPort: number; host: string; certificate: string; key: string; libraries: string }
type Ports = { http: number; https: number }
export type Contestant = { name: string; version: string; start(ground: Ground, ports: Ports): Started }

const node = process.execPath
const peer = (name: string) => join(import.meta.dirname, 'peers', `${name}.ts`)
/** As the supervisor sets it: without it a process carries the TypeScript compiler. */
const compileCache = join(import.meta.dirname, '..', 'node_modules', '.cache', 'nightshift')
const endlessly = 1_000_000_000

/** The first line of what a program says of its version; null: it is not there. */
function versionOf(program: string, args: string[]): string | null {
  try {
    // nginx says it on stderr
    const text = execFileSync('/bin/sh', ['-c', '"$0" "$@" 2>&1', program, ...args], { encoding: 'utf8' })
    return /\d+(\.\d+)+/.exec(text)?.[0] ?? '?'
  } catch {
    return null
  }
}

function write(folder: string, name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

export function nginxServer(ground: { folder: string; cores: string }, name: string, http: string): Started {
  const config = `worker_processes 1;
daemon off;
pid ${ground.folder}/${name}.pid;
error_log stderr crit;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  tcp_nodelay on;
  keepalive_requests ${endlessly};
  client_body_temp_path ${ground.folder}/${name}-body; proxy_temp_path ${ground.folder}/${name}-proxy;
  fastcgi_temp_path ${ground.folder}/${name}-f; uwsgi_temp_path ${ground.folder}/${name}-u; scgi_temp_path ${ground.folder}/${name}-s;
  ${http}
}
`
  return startPinned(ground.cores, ['nginx', '-c', write(ground.folder, `${name}.conf`, config), '-p', ground.folder])
}

function startNginx(ground: Ground, ports: Ports, log: boolean): Started {
  const name = log ? 'nginx-log' : 'nginx'
  const access = log ? `access_log ${ground.folder}/nginx-access.log combined buffer=64k flush=1s;` : ''
  return nginxServer(
    ground,
    name,
    `upstream app { server 127.0.0.1:${ground.backendPort}; keepalive 64; keepalive_requests ${endlessly}; }
  server {
    listen 127.0.0.1:${ports.http};
    listen 127.0.0.1:${ports.https} ssl;
    ssl_certificate ${ground.certificate};
    ssl_certificate_key ${ground.key};
    server_name ${ground.host};
    ${access}
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Request-ID $request_id;
    }
  }`,
  )
}

function startHaproxy(ground: Ground, ports: Ports): Started {
  const bundle = write(ground.folder, 'haproxy.pem', readFileSync(ground.certificate, 'utf8') + readFileSync(ground.key, 'utf8'))
  const config = `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option forwardfor
  http-reuse always
frontend in
  bind 127.0.0.1:${ports.http}
  bind 127.0.0.1:${ports.https} ssl crt ${bundle}
  use_backend app if { hdr(host) -i ${ground.host} }
backend app
  server one 127.0.0.1:${ground.backendPort} pool-max-conn 64
`
  return startPinned(ground.cores, ['haproxy', '-db', '-q', '-f', write(ground.folder, 'haproxy.cfg', config)])
}

function startCaddy(ground: Ground, ports: Ports): Started {
  const config = `{
  admin off
  auto_https off
  http_port ${ports.http}
  https_port ${ports.https}
  log { level ERROR }
}
(app) {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${ground.backendPort} { transport http { keepalive_idle_conns_per_host 64 } }
}
http://${ground.host}:${ports.http} { import app }
https://${ground.host}:${ports.https} {
  tls ${ground.certificate} ${ground.key}
  import app
}
`
  const file = write(ground.folder, 'Caddyfile', config.replaceAll(/\{ (transport http) \{ (\S+ \d+) \} \}/g, '{\n    $1 {\n      $2\n    }\n  }').replaceAll(/\{ (import app|level ERROR) \}/g, '{\n  $1\n}'))
  const env = { ...process.env, GOMAXPROCS: '1', XDG_DATA_HOME: ground.folder, XDG_CONFIG_HOME: ground.folder, HOME: ground.folder }
  return startPinned(ground.cores, ['caddy', 'run', '--adapter', 'caddyfile', '--config', file], { env })
}

/** As control and agent would have left it: the route table and the endpoints of this boot. */
function startNightshift(ground: Ground, ports: Ports, flags: string[] = []): Started {
  const home = join(ground.folder, `home-${ports.http}`)
  mkdirSync(join(home, 'proxy'), { recursive: true })
  mkdirSync(join(home, 'run'), { recursive: true })
  const service = 'bench/production/web'
  const table: RouteTable = {
    generation: 1,
    services: { [service]: { app: 'bench', environment: 'production', service: 'web', protocol: 'http', instances: ['ins_bench'], expected: true, timeoutMs: null, staleIfErrorMs: null, split: null } },
    routes: [{ id: 'rou_bench', host: ground.host, path: '/', service, httpsOnly: false }],
    edges: [],
    certificates: [{ hosts: [ground.host], certPem: readFileSync(ground.certificate, 'utf8'), keyPem: readFileSync(ground.key, 'utf8') }],
  }
  const endpoints: Endpoint[] = [{ instance: 'ins_bench', service, release: 1, host: '127.0.0.1', port: ground.backendPort, state: 'ready' }]
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  write(join(home, 'proxy'), 'routes.json', JSON.stringify(table))
  write(join(home, 'proxy'), 'endpoints.json', JSON.stringify({ boot, endpoints }))
  return startPinned(ground.cores, [node, ...flags, peer('nightshift'), home, String(ports.http), String(ports.https)], { env: { ...process.env, NODE_COMPILE_CACHE: compileCache } })
}

const library = (name: string) => ({
  start: (ground: Ground, { http, https }: Ports) =>
    startPinned(ground.cores, [node, peer('library'), ground.libraries, name, String(http), String(https), String(ground.backendPort), ground.certificate, ground.key]),
})

/** Libraries are of no use to the project: they are installed for the run alone, into a folder that goes away. */
const libraries = { 'http-proxy-3': '2.0.1', httpxy: '0.5.6' }

export function installLibraries(folder: string): boolean {
  try {
    const names = Object.entries(libraries).map(([name, version]) => `${name}@${version}`)
    writeFileSync(join(folder, 'package.json'), '{"private":true}')
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...names], { cwd: folder, stdio: 'ignore', timeout: 120_000 })
    return true
  } catch {
    note('the proxy libraries cannot be installed (no registry?): left out')
    return false
  }
}

/** Ours first, then nginx, against which all are compared. `only`: names, or parts of them. */
export function contestants(options: { withLibraries: boolean; only: string[]; nodeFlags: string[] }): Contestant[] {
  const programs = [
    { name: 'nginx', version: versionOf('nginx', ['-v']), start: (ground: Ground, ports: Ports) => startNginx(ground, ports, false) },
    { name: 'nginx with access log', version: versionOf('nginx', ['-v']), start: (ground: Ground, ports: Ports) => startNginx(ground, ports, true) },
    { name: 'haproxy', version: versionOf('haproxy', ['-v']), start: startHaproxy },
    { name: 'caddy', version: versionOf('caddy', ['version']), start: startCaddy },
  ]
  const all: Contestant[] = [{ name: 'nightshift', version: process.versions.node, start: (ground, ports) => startNightshift(ground, ports) }]
  for (const flag of options.nodeFlags) all.push({ name: `nightshift ${flag}`, version: process.versions.node, start: (ground, ports) => startNightshift(ground, ports, [flag]) })
  for (const { name, version, start } of programs) {
    if (version === null) note(`${name} is not installed: left out`)
    else all.push({ name, version, start })
  }
  all.push({
    name: 'node:http + undici',
    version: process.versions.node,
    start: (ground, { http, https }) => startPinned(ground.cores, [node, peer('undici'), String(http), String(https), String(ground.backendPort), ground.certificate, ground.key]),
  })
  if (options.withLibraries) all.push(...Object.entries(libraries).map(([name, version]) => ({ name, version, ...library(name) })))
  return all.filter(({ name }) => options.only.length === 0 || name === 'nginx' || options.only.some((part) => name.includes(part)))
}
