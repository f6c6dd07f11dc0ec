/**
 * docker-compose.yml, a bounded part of it: image or build, command, environment, ports, expose, depends_on, named volumes,
 * healthcheck, stop settings, deploy.replicas and limits. It needs the docker driver. Anything else is named in a note,
 * and what would change what the app may do (privileged, host network, bind mounts) is refused.
 */
import { AppError } from '#base/errors.ts'
import { parseYaml } from '../parse.ts'
import { readSource } from '../source.ts'
import { asServiceName, isRecord, type ServiceInput, type Translation } from './types.ts'

const names = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml']
const refusedKeys = new Set(['privileged', 'cap_add', 'devices', 'network_mode', 'pid', 'ipc', 'userns_mode', 'security_opt', 'cgroup_parent', 'extends'])
const read = new Set(['image', 'build', 'command', 'environment', 'ports', 'expose', 'depends_on', 'volumes', 'stop_signal', 'stop_grace_period', 'deploy', 'scale', 'healthcheck'])
const harmless = new Set(['restart', 'container_name', 'networks', 'logging', 'hostname', 'init', 'platform', 'pull_policy', 'tty', 'stdin_open'])

type Raw = Record<string, unknown>

export async function fromCompose(dir: string): Promise<Translation | null> {
  for (const source of names) {
    const text = await readSource(dir, source)
    if (text !== null) return translateCompose(text, source)
  }
  return null
}

function translateCompose(text: string, source: string): Translation {
  const { value } = parseYaml(text, source)
  const raw = isRecord(value) ? value['services'] : undefined
  if (!isRecord(raw)) throw new AppError('invalid', `${source} must be a map with a key \`services\``)
  const notes = [`read ${source}: ${Object.keys(raw).join(', ')}; it needs the docker driver`]
  const services: Record<string, ServiceInput> = {}
  const renamed = new Map(Object.keys(raw).map((key) => [key, asServiceName(key)]))
  let firstPublic: string | undefined
  for (const [key, settings] of Object.entries(raw)) {
    const name = renamed.get(key)
    if (name === undefined || name === null || services[name] !== undefined) throw new AppError('invalid', `${source}: the service name ${key.slice(0, 40)} cannot be used`)
    if (!isRecord(settings)) throw new AppError('invalid', `${source}: services.${key} must be a map`)
    const dangerous = Object.keys(settings).filter((each) => refusedKeys.has(each))
    if (dangerous.length > 0) throw new AppError('invalid', `${source}: services.${key} asks for ${dangerous.join(', ')}, which Nightshift does not give to an app`)
    const unknown = Object.keys(settings).filter((each) => !read.has(each) && !harmless.has(each) && !each.startsWith('x-'))
    if (unknown.length > 0) notes.push(`${source}: ${unknown.map((each) => `services.${key}.${each}`).join(', ')} ${unknown.length === 1 ? 'was' : 'were'} not read`)
    const service = translateService(settings, `${source}: services.${key}`, notes)
    for (const need of needsOf(settings['depends_on'])) {
      const other = renamed.get(need)
      if (other) service.needs = { ...service.needs, [other]: 'healthy' }
    }
    if (firstPublic === undefined && Array.isArray(settings['ports']) && settings['ports'].length > 0) {
      firstPublic = name
      if (name !== 'web') service.public = true
    }
    services[name] = service
  }
  if (firstPublic !== undefined) notes.push(`${source}: ${firstPublic} is the first with ports and is served to the public through the ingress`)
  return { source, manifest: { services }, notes }
}

function translateService(raw: Raw, where: string, notes: string[]): ServiceInput {
  const service: ServiceInput = {}
  const { image, build, command } = raw
  if (typeof image === 'string' && build === undefined) service.image = image
  else if (build !== undefined) {
    const context = typeof build === 'string' ? build : isRecord(build) && typeof build['context'] === 'string' ? build['context'] : '.'
    service.root = context.replace(/^\.\//, '').replace(/\/$/, '') || '.'
    service.build = { builder: 'dockerfile', ...(isRecord(build) && typeof build['dockerfile'] === 'string' ? { dockerfile: build['dockerfile'] } : {}) }
  } else throw new AppError('invalid', `${where} has neither image nor build`)
  if (typeof command === 'string' || Array.isArray(command)) service.command = Array.isArray(command) ? command.map(String) : command
  const env = environmentOf(raw['environment'], where, notes)
  if (Object.keys(env).length > 0) service.env = env
  const port = portOf(raw['ports']) ?? portOf(raw['expose'])
  if (port !== undefined) service.port = port
  service.protocol = protocolOf(String(service.image ?? ''))
  const volumes = volumesOf(raw['volumes'], where)
  if (Object.keys(volumes).length > 0) service.volumes = volumes
  const deploy = isRecord(raw['deploy']) ? raw['deploy'] : {}
  const replicas = deploy['replicas'] ?? raw['scale']
  if (typeof replicas === 'number') service.scale = replicas
  const stop: NonNullable<ServiceInput['stop']> = {}
  if (typeof raw['stop_signal'] === 'string') stop.signal = raw['stop_signal'] as NonNullable<typeof stop.signal>
  if (typeof raw['stop_grace_period'] === 'string') stop.grace = raw['stop_grace_period']
  if (Object.keys(stop).length > 0) service.stop = stop
  const check = isRecord(raw['healthcheck']) ? raw['healthcheck']['test'] : undefined
  if (Array.isArray(check) && check[0] === 'CMD') service.health = { exec: check.slice(1).map(String) }
  else if (typeof check === 'string') service.health = { exec: ['/bin/sh', '-c', check] }
  else if (Array.isArray(check) && check[0] === 'CMD-SHELL') service.health = { exec: ['/bin/sh', '-c', String(check[1])] }
  return service
}

function needsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : isRecord(value) ? Object.keys(value) : []
}

function environmentOf(value: unknown, where: string, notes: string[]): Record<string, string> {
  const pairs: [string, unknown][] = Array.isArray(value) ? value.map((each) => [String(each).split('=')[0] as string, String(each).includes('=') ? String(each).slice(String(each).indexOf('=') + 1) : undefined]) : isRecord(value) ? Object.entries(value) : []
  const env: Record<string, string> = {}
  for (const [name, each] of pairs) {
    if (each === undefined || each === null) notes.push(`${where}.environment.${name} has no value here (set it with nightshift config set ${name}=…)`)
    else if (name !== 'PORT') env[name] = String(each)
  }
  return env
}

/** The container's side of the first port: `8080:80/tcp` → 80. */
function portOf(value: unknown): number | undefined {
  const first: unknown = Array.isArray(value) ? value[0] : undefined
  if (isRecord(first)) return Number(first['target']) || undefined
  const match = first === undefined ? null : /(?:^|:)(\d+)(?:\/tcp)?$/.exec(String(first))
  return match ? Number(match[1]) : undefined
}

const protocols: [RegExp, NonNullable<ServiceInput['protocol']>][] = [
  [/(^|\/)(redis|valkey)/, 'redis'], [/(^|\/)(postgres|postgis)/, 'postgres'], [/(^|\/)(mysql|mariadb)/, 'mysql'], [/(^|\/)rabbitmq/, 'amqp'], [/(^|\/)mongo/, 'mongodb'],
]

function protocolOf(image: string): NonNullable<ServiceInput['protocol']> {
  return protocols.find(([pattern]) => pattern.test(image))?.[1] ?? 'http'
}

function volumesOf(value: unknown, where: string): Record<string, string> {
  const volumes: Record<string, string> = {}
  for (const each of Array.isArray(value) ? (value as unknown[]) : []) {
    const [from, target] = isRecord(each) ? [String(each['source'] ?? ''), String(each['target'] ?? '')] : (String(each).split(':') as [string, string | undefined])
    if (target === undefined || target === '') continue // an anonymous volume: it would not outlive the container there either
    if (/^[./~]/.test(from) || (isRecord(each) && each['type'] === 'bind')) throw new AppError('invalid', `${where}.volumes binds ${from} of the machine, which an app here cannot have (use a named volume)`)
    const name = asServiceName(from)
    if (name === null) throw new AppError('invalid', `${where}.volumes: ${from.slice(0, 40)} cannot be a volume name`)
    volumes[name] = target
  }
  return volumes
}
