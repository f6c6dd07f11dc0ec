/** What the command line and control alike make of a written manifest before its schema sees it. Pure. */

export const manifestNames = ['nightshift.yml', 'nightshift.yaml', 'nightshift.json'] as const

/** A copy without the author's own `x-*` keys, at every level; a service with nothing behind it has nothing but defaults. */
export function bareManifest(value: unknown): unknown {
  return withEmptyServices(withoutExtensions(value))
}

function withoutExtensions(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutExtensions)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).filter(([key]) => !key.startsWith('x-')).map(([key, each]) => [key, withoutExtensions(each)]))
}

function withEmptyServices(value: unknown): unknown {
  const services = (value as { services?: unknown } | null)?.services
  if (services === null || typeof services !== 'object' || Array.isArray(services)) return value
  return { ...(value as object), services: Object.fromEntries(Object.entries(services).map(([name, service]) => [name, service ?? {}])) }
}
