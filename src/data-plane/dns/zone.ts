/** A ready instance as DNS shows it. `host` is an IP address. */
export type ZoneInstance = { id: string; host: string; port: number }

/** Asks for a service: null when there is none of that name; an empty list when none of its instances is ready. */
export type ZoneLookup = (app: string, environment: string, service: string) => readonly ZoneInstance[] | null

export type Question =
  | { kind: 'outside' }
  | { kind: 'unknown' }
  /** A name that exists without addresses of its own, such as `internal` itself. */
  | { kind: 'apex' }
  | { kind: 'service'; app: string; environment: string; service: string; srvPrefix: boolean }
  | { kind: 'instance'; app: string; environment: string; service: string; label: string }

/**
 * What a name means:
 *
 *   <service>.<app>.internal                           production
 *   <service>.<environment>.<app>.internal
 *   _http._tcp.<any of these>, _tcp.<any of these>     the same, for SRV
 *   <instance>.<service>.<environment>.<app>.internal  one instance, the target of SRV records
 */
export function questionOf(name: string): Question {
  const labels = name.toLowerCase().replace(/\.$/, '').split('.')
  if (labels.pop() !== 'internal') return { kind: 'outside' }
  let srvPrefix = false
  if (/^_[a-z0-9-]+$/.test(labels[0] ?? '') && labels[1] === '_tcp') {
    srvPrefix = true
    labels.splice(0, 2)
  } else if (labels[0] === '_tcp') {
    srvPrefix = true
    labels.shift()
  }
  const [first = '', second = '', third = '', fourth = ''] = labels
  switch (labels.length) {
    case 0:
      return { kind: 'apex' }
    case 2:
      return { kind: 'service', service: first, environment: 'production', app: second, srvPrefix }
    case 3:
      return { kind: 'service', service: first, environment: second, app: third, srvPrefix }
    case 4:
      return srvPrefix ? { kind: 'unknown' } : { kind: 'instance', label: first, service: second, environment: third, app: fourth }
    default:
      return { kind: 'unknown' }
  }
}

/** An instance id as a DNS label: ids have an underscore, host names must not. */
export function instanceLabel(id: string): string {
  return id.toLowerCase().replace(/[^a-z0-9-]/g, '-')
}
