/**
 * dotcloud.yml (dotCloud, 2010–2016): a map of services with `type`, `approot`, `process(es)`, hooks and environment.
 * Data services become services of their own, with a volume, run by the program of their name on this machine or by its image.
 */
import { AppError } from '#base/errors.ts'
import type { ManifestInput } from '#contract/manifest.ts'
import { parseYaml } from '../parse.ts'
import { readSource } from '../source.ts'
import { asServiceName, isRecord, type ServiceInput, type Translation } from './types.ts'

const codeTypes: Record<string, NonNullable<NonNullable<ServiceInput['build']>['builder']>> = { nodejs: 'node', python: 'python', static: 'static', custom: 'none' }
const dataTypes: Record<string, ServiceInput> = {
  redis: { image: 'redis:7', protocol: 'redis', port: 6379, volumes: { data: '/data' } },
  postgresql: { image: 'postgres:16', protocol: 'postgres', port: 5432, volumes: { data: '/var/lib/postgresql/data' } },
  mysql: { image: 'mysql:8', protocol: 'mysql', port: 3306, volumes: { data: '/var/lib/mysql' } },
  mongodb: { image: 'mongo:7', protocol: 'mongodb', port: 27017, volumes: { data: '/data/db' } },
}
const read = new Set(['type', 'approot', 'process', 'processes', 'prebuild', 'postbuild', 'postinstall', 'environment'])

export async function fromDotcloud(dir: string): Promise<Translation | null> {
  const text = await readSource(dir, 'dotcloud.yml')
  if (text === null) return null
  const { value } = parseYaml(text, 'dotcloud.yml')
  if (!isRecord(value)) throw new AppError('invalid', 'dotcloud.yml must be a map of services')
  const services: Record<string, ServiceInput> = {}
  const notes = [`read dotcloud.yml: ${Object.keys(value).join(', ')}`]
  const releases: string[] = []
  for (const [key, raw] of Object.entries(value)) {
    const name = asServiceName(key)
    if (name === null || services[name] !== undefined) throw new AppError('invalid', `dotcloud.yml: the service name ${key.slice(0, 40)} cannot be used (letters, digits and -, each once)`)
    if (!isRecord(raw) || typeof raw['type'] !== 'string') throw new AppError('invalid', `dotcloud.yml: the service ${key} needs a type`)
    translateService(name, raw, services, notes, releases)
  }
  const [release] = releases
  if (releases.length > 1) notes.push(`dotcloud.yml: only the first postinstall is the release command (${release})`)
  const data = Object.keys(services).filter((name) => services[name]?.image !== undefined)
  for (const service of Object.values(services)) if (service.image === undefined && data.length > 0) service.needs = Object.fromEntries(data.map((name) => [name, 'healthy' as const]))
  const manifest: ManifestInput = { services, ...(release === undefined ? {} : { release }) }
  return { source: 'dotcloud.yml', manifest, notes }
}

function translateService(name: string, raw: Record<string, unknown>, services: Record<string, ServiceInput>, notes: string[], releases: string[]): void {
  const type = raw['type'] as string
  const ignored = Object.keys(raw).filter((key) => !read.has(key))
  if (ignored.length > 0) notes.push(`dotcloud.yml: ${ignored.map((key) => `${name}.${key}`).join(', ')} ${ignored.length === 1 ? 'was' : 'were'} not read`)
  const data = dataTypes[type]
  if (data !== undefined) {
    services[name] = structuredClone(data)
    notes.push(`dotcloud.yml: ${name} (${type}) runs the image ${data.image}, which needs the docker driver`)
    return
  }
  const worker = type.endsWith('-worker')
  const builder = codeTypes[type.replace(/-worker$/, '')]
  if (builder === undefined) throw new AppError('invalid', `dotcloud.yml: the type ${type} of ${name} is not supported (supported: ${[...Object.keys(codeTypes), ...Object.keys(dataTypes)].join(', ')}, and -worker; write a nightshift.yml, or a Dockerfile)`)
  const text = (key: string) => (typeof raw[key] === 'string' ? (raw[key] as string) : undefined)
  const service: ServiceInput = { root: text('approot') ?? '.', build: { builder } }
  const [pre, post] = [text('prebuild'), text('postbuild')]
  service.build = { builder, ...(pre === undefined ? {} : { pre }), ...(post === undefined ? {} : { post }) }
  if (isRecord(raw['environment'])) service.env = Object.fromEntries(Object.entries(raw['environment']).map(([key, value]) => [key, String(value)]))
  const postinstall = text('postinstall')
  if (postinstall !== undefined) releases.push(postinstall)
  const processes = isRecord(raw['processes']) ? Object.entries(raw['processes']).map(([key, value]) => [key, String(value)] as const) : []
  const single = text('process')
  if (processes.length === 0) {
    services[name] = { ...service, ...(single === undefined ? {} : { command: single }), ...(worker ? { port: false as const } : name === 'web' || name === 'www' ? { public: true } : {}) }
    return
  }
  for (const [index, [key, command]] of processes.entries()) {
    const own = index === 0 ? name : asServiceName(`${name}-${key}`)
    if (own === null) throw new AppError('invalid', `dotcloud.yml: the process name ${key.slice(0, 40)} of ${name} cannot be used`)
    services[own] = { ...structuredClone(service), command, ...(worker || index > 0 ? { port: false as const } : name === 'www' ? { public: true } : {}) }
  }
}
