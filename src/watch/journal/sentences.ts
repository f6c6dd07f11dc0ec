/** Facts of agents and proxies as one sentence for a person. Pure. A kind that is not here is not taken from them. */
import { formatDuration } from '#base/units.ts'
import type { EventKind } from '#contract/events.ts'
import type { Fact } from '#contract/wire.ts'

type Data = Record<string, unknown>

const text = (value: unknown): string => (value === null || value === undefined ? '' : String(value))
const because = (data: Data) => (data['because'] ? `: ${text(data['because'])}` : '')

const span = (ms: unknown) => (typeof ms === 'number' ? formatDuration(ms) : 'a while')

function exit(data: Data): string {
  const lived = typeof data['ranMs'] === 'number' ? ` after ${formatDuration(data['ranMs'])}` : ''
  if (data['oom'] === true) return `was killed for using more memory than it may${lived}`
  if (data['signal']) return `was ended by ${text(data['signal'])}${lived}`
  if (data['code'] === null || data['code'] === undefined) return `ended${lived}`
  return `exited with code ${text(data['code'])}${lived}`
}

/** A stop that hung. */
function ignored(data: Data): string {
  const told = data['ignored'] as { signal?: unknown; graceMs?: unknown } | undefined
  return told === undefined || told === null ? '' : `; it did not end within ${span(told.graceMs)} of ${text(told.signal)}, and was killed`
}

export const sentences: Partial<Record<EventKind, (name: string, data: Data) => string>> = {
  'instance.started': (name) => `${name} was started`,
  'instance.ready': (name, data) => `${name} is ready${typeof data['afterMs'] === 'number' ? ` after ${formatDuration(data['afterMs'])}` : ''}`,
  'instance.unhealthy': (name, data) => `${name} fails its health check${because(data)}`,
  'instance.exited': (name, data) => `${name} ${exit(data)}${data['cause'] === 'killed' ? ', not by Nightshift' : ''}${ignored(data)}`,
  'instance.restarting': (name, data) => `${name} is started again${because(data)}`,
  'instance.held': (name, data) => `${name} is held after too many restarts${because(data)}`,
  'instance.stopped': (name, data) => `${name} was stopped${because(data)}${ignored(data)}`,
  'instance.ejected': (name, data) => `${name} gets no requests for ${span(data['forMs'])}${because(data)}`,
  'instance.readmitted': (name, data) => `${name} gets requests again${because(data)}`,
  'edge.opened': (name, data) => `calls from ${text(data['from'])} to ${text(data['to'])} in ${name} are refused at once${because(data)}`,
  'edge.closed': (name, data) => `calls from ${text(data['from'])} to ${text(data['to'])} in ${name} pass again${because(data)}`,
  'instance.vanished': (name, data) => `${name} was removed by someone else${because(data)}`,
  'instance.traced': (name, data) => `of the end of ${name} ${text(data['trace'])}`,
}

type Told = Pick<Fact, 'kind' | 'app' | 'environment' | 'instance' | 'data'>

/** `shop/web.1`, or `shop/staging/web.1` outside production. Agents know instances by id, and send the name along. */
function factName({ app, environment, instance, data }: Told): string {
  const place = environment === 'production' ? null : environment
  return [app, place, data['name'] ?? instance].filter(Boolean).join('/') || 'something'
}

export function sentenceOf(fact: Told): string | undefined {
  return sentences[fact.kind as EventKind]?.(factName(fact), fact.data)
}
