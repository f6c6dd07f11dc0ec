/**
 * What each kind of check is asked: one schema a kind, from which forms, the command line and the manifest are drawn.
 * How a kind is run stands in `drivers/check/<kind>/`. A field with `secret` is sealed at rest and never answered.
 */
import { z } from 'zod'
import { patternFault } from '#base/pattern.ts'
import { cronText, timezone } from './schedules.ts'
import { duration } from './manifest-units.ts'
import { hostName } from './names.ts'

const isPort = (port: number) => port >= 1 && port <= 65535
const text = (max = 1000) => z.string().min(1).max(max).regex(/^[^\0]*$/, 'must not hold a NUL character')
const words = (max = 20, of: z.ZodType<string> = text(300)) => z.array(of).max(max)
const host = z.string().regex(/^(?:[a-zA-Z0-9_](?:[a-zA-Z0-9_.-]{0,251}[a-zA-Z0-9])?\.?|\[?[0-9a-fA-F:]{2,45}\]?)$/, 'must be a host name or an IP address')
const port = z.int().min(1).max(65535)
const address = z.string().regex(/^(?:[a-zA-Z0-9_](?:[a-zA-Z0-9_.-]{0,251}[a-zA-Z0-9])?|\[[0-9a-fA-F:]{2,45}\]):\d{1,5}$/, 'must be host:port').refine((value) => isPort(Number(value.slice(value.lastIndexOf(':') + 1))), 'the port must be between 1 and 65535').meta({ title: 'host:port' })
const password = text(1000).optional().meta({ secret: true, description: 'Sealed at rest, never shown again.' })
const slow = duration.optional().meta({ description: 'An answer that takes longer is a warning.' })
const latency = duration.optional().meta({ description: 'An answer that takes longer is an error.' })
const verify = z.boolean().default(true).meta({ description: 'Whether the certificate must be valid for that name.' })
const webAddress = z
  .string()
  .max(2000)
  .regex(/^(?:https?:\/\/[^\s/@]+(?:\/[^\s]*)?|\/[^\s]*)$/, 'must be http:// or https:// and a host, without a user or password in it; or a path of the app’s own, such as /up')
  .meta({ title: 'URL' })
const headers = z.record(z.string().regex(/^[A-Za-z0-9-]{1,80}$/), z.string().max(1000).regex(/^[^\r\n\0]*$/)).default({})
const how = 'plain text, or a regular expression between slashes'
/** What is wrong with a pattern is said when the check is made, not at its first run. */
const pattern = (max = 1000, part: (value: string) => string = (value) => value) =>
  text(max).superRefine((value, context) => {
    const fault = patternFault(part(value))
    if (fault !== null) context.addIssue({ code: 'custom', message: `must be a pattern that can be matched: ${fault}` })
  })
const domain = hostName.refine((name) => !name.startsWith('*') && name.includes('.'), 'must be a domain such as example.com')

const http = z.strictObject({
  url: webAddress.meta({ description: 'Where to ask. A path alone is asked of the app itself, through the ingress.' }),
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']).default('GET').meta({ description: 'Method of the request.' }),
  headers: headers.meta({ description: 'Headers of the request.' }),
  authorization: password.meta({ secret: true, description: 'Value of the Authorization header; sealed at rest, never shown again.' }),
  send: z.string().max(20_000).optional().meta({ description: 'Body of the request.' }),
  status: z.union([z.int().min(100).max(599), z.string().regex(/^\d{3}(-\d{3})?(,\s*\d{3}(-\d{3})?)*$/, 'must be like 200, 200-399 or 200,204')]).default('200-399').meta({ title: 'status codes', description: 'Status codes that are right.' }),
  body: pattern().optional().meta({ description: `What the body must hold: ${how}.` }),
  absent: pattern().optional().meta({ description: `What the body must not hold: ${how}.` }),
  header: words(10, pattern(300, (line) => line.slice(line.indexOf(':') + 1).trim())).default([]).meta({ description: `Headers of the answer and what each must hold, such as content-type: json (${how}).` }),
  json: words(10).default([]).meta({ description: 'What must hold in a JSON body, such as status == "ok", items[0].stock >= 1, or user.name exists.' }),
  redirects: z.int().min(0).max(10).default(5).meta({ description: 'Redirects that are followed.' }),
  verify,
  slow,
  latency,
})

const httpJson = z.strictObject({
  url: webAddress.meta({ description: 'What answers {"state": "ok", "status": "…", "metrics": […]}, as Cloudkick’s HTTP_JSON does.' }),
  headers: headers.meta({ description: 'Headers of the request.' }),
  authorization: password.meta({ secret: true, description: 'Value of the Authorization header; sealed at rest, never shown again.' }),
  verify,
})

const tcp = z.strictObject({
  address: address.meta({ title: 'host:port', description: 'Where to connect.' }),
  tls: z.boolean().default(false).meta({ description: 'Speak TLS.' }),
  verify,
  send: z.string().max(1000).optional().meta({ description: 'Text to send first; \\r and \\n are understood.' }),
  banner: pattern().optional().meta({ description: `What it must say: ${how}.` }),
  slow,
  latency,
})

const ping = z.strictObject({
  host: host.meta({ description: 'Host to ping.' }),
  count: z.int().min(1).max(5).default(3).meta({ description: 'Packets of one run.' }),
  loss: z.int().min(0).max(99).default(0).meta({ description: 'Percent of packets that may be lost.' }),
  slow,
  latency,
})

export const recordTypes = ['A', 'AAAA', 'CNAME', 'MX', 'NS', 'TXT', 'SRV', 'SOA', 'CAA', 'PTR'] as const
const dns = z.strictObject({
  name: host.meta({ description: 'Name that is asked for.' }),
  type: z.enum(recordTypes).default('A').meta({ description: 'Type of record.' }),
  expect: words().default([]).meta({ description: 'Answers that must be among those given.' }),
  exact: z.boolean().default(false).meta({ description: 'Nothing else may be answered.' }),
  resolver: host.optional().meta({ description: 'Server that is asked; default: the one of the machine.' }),
  port: port.default(53).meta({ description: 'Port of that server.' }),
  slow,
})

const days = (usual: number) => z.int().min(0).max(3650).default(usual)
const tls = z.strictObject({
  address: address.meta({ title: 'host:port', description: 'Where to connect.' }),
  name: hostName.optional().meta({ description: 'Name that is asked for (SNI), and that the certificate must have; default: the host.' }),
  warn: days(21).meta({ description: 'Days before the end from which it is a warning.' }),
  err: days(7).meta({ description: 'Days before the end from which it is an error.' }),
  verify,
})

const domainExpiry = z.strictObject({
  name: domain.meta({ description: 'Registered domain, such as example.com.' }),
  warn: days(30).meta({ description: 'Days before the end from which it is a warning.' }),
  err: days(7).meta({ description: 'Days before the end from which it is an error.' }),
  server: z.string().regex(/^(https?|whois):\/\/[a-zA-Z0-9.[\]:-]+(\/[^\s]*)?$/, 'must be https://… (RDAP) or whois://…').optional().meta({ description: 'RDAP or WHOIS server to ask; default: the one that IANA names.' }),
})

const database = { host: host.meta({ description: 'Host of the server.' }), user: text(128).optional().meta({ description: 'User.' }), password }
const postgres = z.strictObject({
  ...database,
  port: port.default(5432).meta({ description: 'Port of the server.' }),
  database: text(128).optional().meta({ description: 'Database; default: that of the user.' }),
  query: text(4000).optional().meta({ description: 'Query, run read-only; a number it answers becomes the metric value. Default: one that answers 1.' }),
  expect: text().optional().meta({ description: 'What the first value of the answer must be.' }),
  tls: z.boolean().default(false).meta({ description: 'Speak TLS.' }),
  verify,
  slow,
  latency,
})
const mysql = z
  .strictObject({
    address: address.meta({ title: 'host:port', description: 'Where to connect; what it says first must be the greeting of a MySQL or MariaDB server.' }),
    user: text(128).optional().meta({ description: 'User to sign in as; without one, only the greeting is looked at.' }),
    password,
    database: text(64).optional().meta({ description: 'Database; default: none.' }),
    query: text(4000).optional().meta({ description: 'Query, run in a read-only transaction; a number it answers becomes the metric value. Default: none, it is enough to be let in.' }),
    expect: text().optional().meta({ description: 'What the first value of the answer must be.' }),
    tls: z.boolean().default(false).meta({ description: 'Insist on TLS; without it, TLS is spoken where the server offers it, and any certificate does.' }),
    verify,
    version: pattern(100).optional().meta({ description: `What its version must hold: ${how}.` }),
    slow,
    latency,
  })
  .refine(({ user, ...rest }) => user !== undefined || (['password', 'database', 'query'] as const).every((field) => rest[field] === undefined), { path: ['user'], message: 'must be given to run a query: without it only the greeting is looked at' })
  .refine(({ query, expect }) => query !== undefined || expect === undefined, { path: ['expect'], message: 'belongs to a query, and there is none' })
const redis = z.strictObject({
  ...database,
  port: port.default(6379).meta({ description: 'Port of the server.' }),
  command: z.string().regex(/^(PING|DBSIZE|INFO|GET|EXISTS|TTL|STRLEN|LLEN|SCARD|ZCARD|HLEN|XLEN)( [^\s]{1,200})?$/, 'must be one that only reads: PING, DBSIZE, INFO, GET, EXISTS, TTL, STRLEN, LLEN, SCARD, ZCARD, HLEN or XLEN, and a key').default('PING').meta({ description: 'Command; a number it answers becomes the metric value.' }),
  expect: pattern().optional().meta({ description: `What the answer must hold: ${how}.` }),
  tls: z.boolean().default(false).meta({ description: 'Speak TLS.' }),
  verify,
  slow,
  latency,
})

const process = z.strictObject({
  name: text(100).meta({ description: 'Name of the program, such as nginx.' }),
  arguments: text(300).optional().meta({ description: 'Text that its command line must hold.' }),
  min: z.int().min(0).max(10_000).default(1).meta({ description: 'Fewer than so many processes are an error.' }),
  max: z.int().min(0).max(10_000).optional().meta({ description: 'More than so many processes are an error.' }),
})
const listening = z.strictObject({ port: port.meta({ description: 'Port of the machine on which something must listen (TCP).' }) })
const file = z.strictObject({
  path: z.string().regex(/^\/(?!.*(^|\/)\.\.(\/|$))[^\0]{0,1000}$/, 'must be an absolute path without ..').meta({ description: 'File or folder on the machine.' }),
  exists: z.boolean().default(true).meta({ description: 'Whether it must be there, or must not.' }),
  older: duration.optional().meta({ description: 'Changed longer ago than this is an error.' }),
  smaller: z.string().regex(/^\d+(?:\.\d+)?\s?(B|KB|MB|GB|TB)$/, 'must be like 64KB, 256MB or 2GB').optional().meta({ description: 'Smaller than this is an error.' }),
  larger: z.string().regex(/^\d+(?:\.\d+)?\s?(B|KB|MB|GB|TB)$/, 'must be like 64KB, 256MB or 2GB').optional().meta({ description: 'Larger than this is an error.' }),
})
const log = z.strictObject({
  text: pattern(200).meta({ description: `What is counted in lines of the check’s app, environment and service: ${how}.` }),
  level: z.enum(['debug', 'info', 'warn', 'error']).optional().meta({ description: 'This level and what is graver.' }),
  window: duration.default('5m').meta({ description: 'How far back it is counted.' }),
  max: z.int().min(0).max(1000).default(0).meta({ description: 'More lines than this are an error.' }),
  min: z.int().min(0).max(1000).default(0).meta({ description: 'Fewer lines than this are an error.' }),
})
const heartbeat = z
  .strictObject({
    grace: duration.default('1m').meta({ description: 'How much later than due a ping may come, and how long a started run may take.' }),
    schedule: cronText.optional().meta({ title: 'cron', description: 'When a ping is due, in the five fields of cron (minute, hour, day of month, month, day of week), such as 0 3 * * 1-5, or @daily; it takes the place of every.' }),
    timezone: timezone.optional().meta({ description: 'Time zone of the schedule, such as Europe/Berlin; default: UTC.' }),
    slug: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,59}$/, 'must be a-z, 0-9, - and _').optional().meta({ description: 'Name in URLs of the shape /ping/<key>/<slug>.' }),
  })
  .refine(({ schedule, timezone: zone }) => schedule !== undefined || zone === undefined, { path: ['timezone'], message: 'belongs to a schedule, and there is none' })
export const pluginName = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,79}$/i, 'must be letters, digits, ., _ and -').meta({ title: 'plugin' })
const plugin = z.strictObject({
  plugin: z.union([pluginName, z.string().regex(/^\/(usr\/lib|usr\/local\/lib|usr\/libexec)\/(nagios|monitoring-plugins)\/(plugins\/)?[A-Za-z0-9._-]{1,80}$/, 'must be a plugin of nightshift checks plugins, or one in /usr/lib/nagios/plugins')], 'must be a plugin of nightshift checks plugins, or the path of one in /usr/lib/nagios/plugins').meta({ title: 'plugin', description: 'Name of a plugin that was added, or the path of one that the machine has in /usr/lib/nagios/plugins.' }),
  args: words(50, z.string().max(500).regex(/^[^\0]*$/)).default([]).meta({ description: 'Its arguments.' }),
  memory: z.string().regex(/^\d+(?:\.\d+)?\s?(KB|MB|GB)$/, 'must be like 64MB').default('128MB').meta({ description: 'Memory it may use.' }),
})

/** In the order in which people are offered them. `main`: the field that a manifest may give alone. */
export const checkKindSpecs = {
  http: { title: 'HTTP', about: 'Asks a URL, and looks at status, headers, body and latency.', main: 'url', config: http },
  'http-json': { title: 'HTTP JSON', about: 'Asks a URL that says its own state and metrics, as Cloudkick’s HTTP_JSON.', main: 'url', config: httpJson },
  tcp: { title: 'TCP', about: 'Connects to a port, and looks at what it says.', main: 'address', config: tcp },
  ping: { title: 'Ping', about: 'Sends ICMP echo requests.', main: 'host', config: ping },
  dns: { title: 'DNS', about: 'Asks for a record, and looks at the answer.', main: 'name', config: dns },
  tls: { title: 'TLS certificate', about: 'Looks at how long a certificate is valid.', main: 'address', config: tls },
  domain: { title: 'Domain', about: 'Looks at how long a domain is registered (RDAP, else WHOIS).', main: 'name', config: domainExpiry },
  postgres: { title: 'PostgreSQL', about: 'Runs a query.', main: 'host', config: postgres },
  mysql: { title: 'MySQL', about: 'Signs in and runs a query, or looks at the greeting.', main: 'address', config: mysql },
  redis: { title: 'Redis', about: 'Runs a command that reads.', main: 'host', config: redis },
  process: { title: 'Process', about: 'Counts processes of a machine.', main: 'name', config: process },
  port: { title: 'Port', about: 'Looks whether something listens on a port of a machine.', main: 'port', config: listening },
  file: { title: 'File', about: 'Looks at the age and size of a file of a machine.', main: 'path', config: file },
  log: { title: 'Log', about: 'Counts lines of an app’s log.', main: 'text', config: log },
  heartbeat: { title: 'Heartbeat', about: 'Waits for a job to say that it ran, by interval or by cron.', main: 'grace', config: heartbeat },
  plugin: { title: 'Plugin', about: 'Runs a Nagios or Cloudkick plugin on a machine.', main: 'plugin', config: plugin },
} as const satisfies Record<string, { title: string; about: string; main: string; config: z.ZodObject }>

export const checkKinds = Object.keys(checkKindSpecs) as [CheckKind, ...CheckKind[]]
export type CheckKind = keyof typeof checkKindSpecs
export type CheckConfig<K extends CheckKind> = z.output<(typeof checkKindSpecs)[K]['config']>
export type AnyCheckConfig = Record<string, unknown>

/** Fields of a kind that are sealed. */
export function secretFields(kind: CheckKind): string[] {
  return Object.entries(checkKindSpecs[kind].config.shape as Record<string, z.ZodType>).flatMap(([name, field]) => (field.meta()?.['secret'] === true ? [name] : []))
}

/** Kinds that look at a machine from within: only its agent can run them. */
export const machineKinds: readonly CheckKind[] = ['process', 'port', 'file', 'plugin']
/** Kinds that only control can answer: it has the log, and is told of pings. */
export const controlKinds: readonly CheckKind[] = ['log', 'heartbeat']
