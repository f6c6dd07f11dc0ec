/** What the manifest's schema cannot say: names that must exist, cycles, things that exclude each other. A deploy looks, and the command line without a server. Pure. */
import { parseDuration } from '#base/units.ts'
import { nearest } from '#base/nearest.ts'
import type { Manifest, ServiceManifest } from './manifest.ts'
import { declaredConfig } from './manifest-checks.ts'
import { declaredRule } from './manifest-rules.ts'
import type { Fault } from './manifest-faults.ts'
import { isOwnHost, isReservedVariable } from './names.ts'

export type FindingOptions = {
  /** Whether each instance has an address of its own (docker: yes, process: no); unknown: what depends on it is a note. */
  ownAddresses?: boolean
}

type Findings = { faults: Fault[]; notes: string[] }

export function manifestFindings(manifest: Manifest, options: FindingOptions = {}): Findings {
  const faults: Fault[] = []
  const notes: string[] = []
  for (const [name, service] of Object.entries(manifest.services)) {
    faults.push(...needFaults(manifest, name, service), ...portFaults(name, service), ...scaleFaults(manifest, name, service), ...healthFaults(name, service), ...volumeFaults(name, service), ...variableFaults(name, service), ...timeoutFaults(name, service), ...cacheFaults(name, service))
    if (service.image !== undefined && service.build.builder !== 'auto') faults.push({ path: ['services', name, 'build', 'builder'], message: `services.${name} has both an image and a builder`, hint: 'an image is ready: leave build out' })
    const [from, to] = service.restart.backoff.split('..') as [string, string]
    if (parseDuration(from) > parseDuration(to)) faults.push({ path: ['services', name, 'restart', 'backoff'], message: `services.${name}.restart.backoff begins above its end` })
    if (typeof service.port === 'number' && (service.scale ?? 1) > 1) {
      const message = `services.${name} insists on port ${service.port}, so that only one of its ${service.scale} instances can have it`
      if (options.ownAddresses === false) faults.push({ path: ['services', name, 'port'], message, hint: 'leave port out and bind $PORT, or scale to 1' })
      else if (options.ownAddresses === undefined) notes.push(`${message}, unless each runs in a container`)
    }
  }
  faults.push(...cycleFaults(manifest), ...routeFaults(manifest), ...environmentFaults(manifest), ...builderFaults(manifest), ...checkFaults(manifest), ...ruleFaults(manifest))
  return { faults, notes }
}

function needFaults(manifest: Manifest, name: string, service: ServiceManifest): Fault[] {
  return Object.keys(service.needs).flatMap((need): Fault[] => {
    const path = ['services', name, 'needs', need]
    if (need === name) return [{ path, onKey: true, message: `services.${name} needs itself` }]
    if (manifest.services[need] !== undefined) return []
    const meant = nearest(need, Object.keys(manifest.services))
    return [{ path, onKey: true, message: `services.${name} needs \`${need}\`, which is not a service here`, hint: meant ? `did you mean \`${meant}\`?` : `services: ${Object.keys(manifest.services).join(', ')}` }]
  })
}

function portFaults(name: string, service: ServiceManifest): Fault[] {
  const path = ['services', name, 'port']
  if (service.port !== false) return []
  if (service.domains.length > 0 || service.public === true) return [{ path, message: `services.${name} is served to the public but listens on nothing (port: false)`, hint: 'leave port out' }]
  return []
}

const longestTimeoutMs = 24 * 3_600_000

function timeoutFaults(name: string, { timeout, protocol }: ServiceManifest): Fault[] {
  if (timeout === undefined) return []
  const path = ['services', name, 'timeout']
  if (protocol !== 'http') return [{ path, message: `services.${name}.timeout bounds requests, and ${protocol} is relayed connection by connection`, hint: 'leave timeout out' }]
  const ms = parseDuration(timeout)
  return ms < 1 || ms > longestTimeoutMs ? [{ path, message: `services.${name}.timeout must be from 1ms to 24h` }] : []
}

const longestStaleMs = 30 * 24 * 3_600_000

function cacheFaults(name: string, { cache, protocol }: ServiceManifest): Fault[] {
  if (cache === undefined) return []
  const path = ['services', name, 'cache']
  if (protocol !== 'http') return [{ path, onKey: true, message: `services.${name}.cache keeps answers to requests, and ${protocol} is relayed connection by connection`, hint: 'leave cache out' }]
  const ms = parseDuration(cache.stale_if_error)
  return ms < 1 || ms > longestStaleMs ? [{ path: [...path, 'stale_if_error'], message: `services.${name}.cache.stale_if_error must be from 1ms to 30d` }] : []
}

/** Also in each environment: two instances would write into one volume. */
function scaleFaults(manifest: Manifest, name: string, service: ServiceManifest): Fault[] {
  const [volume] = Object.keys(service.volumes)
  if (volume === undefined) return []
  const counts = [{ path: ['services', name, 'scale'], count: service.scale }, ...Object.entries(manifest.environments).map(([environment, { services }]) => ({ path: ['environments', environment, 'services', name, 'scale'], count: services[name]?.scale }))]
  return counts.flatMap(({ path, count = 1 }) => (count > 1 ? [{ path, message: `services.${name} owns the volume ${volume}, which its ${count} instances cannot share`, hint: 'scale it to 1' }] : []))
}

function healthFaults(name: string, { health, port, protocol }: ServiceManifest): Fault[] {
  if (health === undefined) return []
  const path = ['services', name, 'health']
  const kinds = (['path', 'tcp', 'exec'] as const).filter((kind) => health[kind] !== undefined)
  if (kinds.length > 1) return [{ path, onKey: true, message: `services.${name}.health names ${kinds.join(' and ')}`, hint: 'choose one' }]
  if (port === false && (health.path !== undefined || health.tcp !== undefined)) return [{ path, onKey: true, message: `services.${name}.health asks a port, but the service listens on nothing (port: false)`, hint: 'use health.exec' }]
  if (health.path !== undefined && protocol !== 'http') return [{ path: [...path, 'path'], message: `services.${name}.health.path needs protocol http, not ${protocol}`, hint: 'use health.tcp or health.exec' }]
  return []
}

function volumeFaults(name: string, service: ServiceManifest): Fault[] {
  const faults: Fault[] = []
  const seen: [string, string][] = []
  for (const [volume, target] of Object.entries(service.volumes)) {
    const path = ['services', name, 'volumes', volume]
    const at = target.replace(/\/+/g, '/').replace(/(.)\/$/, '$1')
    if (at === '/' || at === '/app') faults.push({ path, message: `volume ${volume} cannot be at ${target}: it would hide ${at === '/' ? 'everything' : 'the app itself'}`, hint: 'choose a folder inside, such as /app/data' })
    for (const [other, place] of seen) if (at === place || at.startsWith(`${place}/`) || place.startsWith(`${at}/`)) faults.push({ path, message: `volumes ${other} and ${volume} of services.${name} lie within each other (${place}, ${at})` })
    seen.push([volume, at])
  }
  return faults
}

function variableFaults(name: string, service: ServiceManifest): Fault[] {
  const faults: Fault[] = []
  for (const variable of Object.keys(service.env)) if (isReservedVariable(variable)) faults.push({ path: ['services', name, 'env', variable], onKey: true, message: `services.${name}.env.${variable} is set by Nightshift`, hint: variable === 'PORT' ? `use services.${name}.port` : 'choose another name' })
  for (const [index, secret] of service.secrets.entries()) {
    if (service.env[secret] !== undefined) faults.push({ path: ['services', name, 'secrets', index], message: `${secret} of services.${name} is both a secret and in env` })
    if (isReservedVariable(secret)) faults.push({ path: ['services', name, 'secrets', index], message: `the secret ${secret} of services.${name} is set by Nightshift` })
  }
  return faults
}

function cycleFaults(manifest: Manifest): Fault[] {
  const done = new Set<string>()
  const walk = (name: string, trail: string[]): string[] | undefined => {
    if (trail.includes(name)) return [...trail.slice(trail.indexOf(name)), name]
    if (done.has(name)) return undefined
    for (const need of Object.keys(manifest.services[name]?.needs ?? {})) {
      if (need === name) continue
      const cycle = walk(need, [...trail, name])
      if (cycle !== undefined) return cycle
    }
    done.add(name)
    return undefined
  }
  for (const name of Object.keys(manifest.services)) {
    const cycle = walk(name, [])
    if (cycle !== undefined) return [{ path: ['services', cycle[0] as string, 'needs', cycle[1] as string], onKey: true, message: `services need each other in a circle: ${cycle.join(' → ')}`, hint: 'none of them could ever start first' }]
  }
  return []
}

function routeFaults(manifest: Manifest): Fault[] {
  const owners = new Map<string, string>()
  const faults: Fault[] = []
  for (const [name, service] of Object.entries(manifest.services)) {
    for (const [index, domain] of service.domains.entries()) {
      if (isOwnHost(domain)) faults.push({ path: ['services', name, 'domains', index], message: `${domain}: names under .localhost are given by Nightshift`, hint: 'choose a domain of your own' })
      const key = `${domain}${service.path}`
      const owner = owners.get(key)
      if (owner !== undefined) faults.push({ path: ['services', name, 'domains', index], message: `${key} belongs to both ${owner} and ${name}`, hint: 'give one of them another path' })
      owners.set(key, name)
    }
  }
  return faults
}

function environmentFaults(manifest: Manifest): Fault[] {
  return Object.entries(manifest.environments).flatMap(([environment, { services }]) =>
    Object.keys(services).flatMap((name): Fault[] => {
      if (manifest.services[name] !== undefined) return []
      const meant = nearest(name, Object.keys(manifest.services))
      return [{ path: ['environments', environment, 'services', name], onKey: true, message: `environments.${environment} overrides \`${name}\`, which is not a service here`, ...(meant ? { hint: `did you mean \`${meant}\`?` } : {}) }]
    }),
  )
}

/** Services that share a folder are built once, so they cannot want two builders. */
function builderFaults(manifest: Manifest): Fault[] {
  const wanted = new Map<string, { name: string; builder: string }>()
  const faults: Fault[] = []
  for (const [name, service] of Object.entries(manifest.services)) {
    const { builder } = service.build
    if (service.image !== undefined || builder === 'auto' || builder === 'none') continue
    const other = wanted.get(service.root)
    if (other !== undefined && other.builder !== builder) faults.push({ path: ['services', name, 'build', 'builder'], message: `services.${other.name} and services.${name} share the folder ${service.root} but want different builders (${other.builder}, ${builder})`, hint: 'give one of them a root of its own' })
    wanted.set(service.root, { name, builder })
  }
  return faults
}

function checkFaults({ checks, services }: Manifest): Fault[] {
  const names = checks.map((check) => check.name)
  return checks.flatMap((check, nth): Fault[] => {
    const path = ['checks', nth]
    const declared = declaredConfig(check)
    const faults: Fault[] = 'faults' in declared ? declared.faults.map((fault) => ({ path: [...path, ...fault.path], message: fault.message })) : []
    if (names.indexOf(check.name) !== nth) faults.push({ path: [...path, 'name'], message: `two checks are called "${check.name}"` })
    if (check.service !== undefined && services[check.service] === undefined) faults.push({ path: [...path, 'service'], message: `the check "${check.name}" is of \`${check.service}\`, which is not a service here` })
    for (const need of check.needs) if (!names.includes(need) || need === check.name) faults.push({ path: [...path, 'needs'], message: `the check "${check.name}" needs "${need}", which is not another check here` })
    return faults
  })
}

function ruleFaults({ rules }: Manifest): Fault[] {
  const names = rules.map((rule) => rule.name)
  return rules.flatMap((rule, nth): Fault[] => {
    const declared = declaredRule(rule, { app: 'app', environment: 'production' })
    const faults: Fault[] = 'faults' in declared ? declared.faults.map(({ path, message }) => ({ path: ['rules', nth, ...path], message })) : []
    return names.indexOf(rule.name) === nth ? faults : [...faults, { path: ['rules', nth, 'name'], message: `two rules are called "${rule.name}"` }]
  })
}
