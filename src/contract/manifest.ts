/**
 * `nightshift.yml`: one schema that validates, types and documents an app's manifest. Parsing of YAML with line and
 * column lives in `run/manifest`; this file is the shape. Unknown keys are errors; `x-*` keys are dropped before.
 */
import { z } from 'zod'
import { parseDuration, parsePercent } from '#base/units.ts'
import { duration, objective, percent, size } from './manifest-units.ts'
import { declaredCheckSchema } from './manifest-checks.ts'
import { declaredRuleSchema } from './manifest-rules.ts'
import { appName, environmentName, hostName, pathPrefix, serviceName, variableName, volumeName } from './names.ts'

const shellLine = z.string().min(1).max(4000).meta({ title: 'shell line' })
const argumentArray = z.array(z.string().min(1)).min(1).meta({ title: 'list of arguments' })
const command = z.union([shellLine, argumentArray])
const absolutePath = z.string().regex(/^\/(?!.*(^|\/)\.\.(\/|$))[^\0]{0,250}$/, 'must be an absolute path without ..').meta({ title: 'absolute path' })
const relativePath = z
  .string()
  .max(250)
  .regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$))[^\0]+$/, 'must be a path inside the app, without ..')
  .meta({ title: 'path inside the app' })

export const builders = ['auto', 'node', 'python', 'static', 'buildpack', 'dockerfile', 'none'] as const
export type BuilderName = (typeof builders)[number]

const build = z.strictObject({
  builder: z.enum(builders).default('auto').meta({ description: 'How source becomes an artifact; auto detects it and says why.' }),
  buildpack: relativePath.optional().meta({ description: 'Folder of a classic buildpack inside the app (bin/detect, bin/compile, bin/release).' }),
  dockerfile: relativePath.optional().meta({ description: 'Dockerfile to use; default Dockerfile.' }),
  pre: shellLine.optional().meta({ description: 'Shell line run in the source before the build.' }),
  post: shellLine.optional().meta({ description: 'Shell line run after the build.' }),
  env: z.record(variableName, z.string()).optional().meta({ description: 'Variables for the build only.' }),
})

const resources = z.strictObject({
  memory: size.optional().meta({ description: 'Memory without swap; beyond it the instance is killed and restarted.' }),
  cpu: z.number().min(0.01).max(256).optional().meta({ description: 'Cores: 0.5 is half of one.' }),
})

const health = z.strictObject({
  path: pathPrefix.optional().meta({ description: 'HTTP path that must answer 2xx or 3xx.' }),
  tcp: z.literal(true).optional().meta({ description: 'The port must accept a connection.' }),
  exec: argumentArray.optional().meta({ description: 'A command that must exit 0 within the instance.' }),
  host: hostName.optional().meta({ description: 'Host header of the HTTP probe.' }),
  interval: duration.default('2s').meta({ description: 'Time between two probes.' }),
  timeout: duration.default('1s').meta({ description: 'A probe without an answer by then has failed.' }),
  failures: z.int().min(1).max(20).default(3).meta({ description: 'Failures in a row until the instance counts as unhealthy.' }),
  startup: duration.default('60s').meta({ description: 'Time for the first success after a start; until then failures do not count, after it the instance is restarted.' }),
})

const slo = z
  .strictObject({
    availability: objective.optional().meta({ description: 'The share of requests that must not fail (5xx, or no answer).' }),
    p99: duration.optional().meta({ description: '99 of 100 answers must come within this time.' }),
    window: duration.refine((text) => parseDuration(text) >= 7 * 86_400_000 && parseDuration(text) <= 90 * 86_400_000, 'must be from 7d to 90d').default('30d').meta({ description: 'The time over which it is counted, 7d to 90d.' }),
  })
  .refine((one) => one.availability !== undefined || one.p99 !== undefined, 'must name availability or p99')

export const protocols = ['http', 'tcp', 'redis', 'postgres', 'mysql', 'amqp', 'mongodb'] as const

const metrics = z.strictObject({
  path: z.string().regex(/^\/[\x21-\x7e]{0,200}$/, 'must begin with / and hold no spaces').default('/metrics').meta({ description: 'Where they are.' }),
  port: z.int().min(1).max(65_535).optional().meta({ description: 'Port, if it is not that of the service.' }),
  every: duration.refine((text) => parseDuration(text) >= 5_000 && parseDuration(text) <= 300_000, 'must be from 5s to 5m').default('15s').meta({ description: 'How often they are read, 5s to 5m.' }),
})

export const serviceSchema = z.strictObject({
  root: relativePath.default('.').meta({ description: 'Folder of the service in the source: it is built there and runs there.' }),
  build: build.prefault({}).meta({ description: 'How it is built.' }),
  image: z.string().regex(/^[a-z0-9][a-z0-9._\-/:@]{0,250}$/i).optional().meta({ description: 'A ready image instead of a build (docker driver).' }),
  command: command.optional().meta({ description: 'Start command; else the Procfile’s, the start script of package.json, the image’s own.' }),
  protocol: z.enum(protocols).default('http').meta({ description: 'What it speaks. http is relayed request by request, all else connection by connection; also the scheme of API_URL and the like.' }),
  port: z.union([z.int().min(1).max(65535), z.literal(false)]).optional().meta({ description: 'A number: it insists on that port. false: it listens on nothing. Default: it binds $PORT.' }),
  domains: z.array(hostName).default([]).meta({ description: 'Hosts it answers to besides its default one: shop.example.com, *.example.com.' }),
  path: pathPrefix.default('/').meta({ description: 'Path prefix of its routes.' }),
  public: z.boolean().optional().meta({ description: 'Whether the ingress serves it; default: the service named web, those with domains, and an only service, if they speak http.' }),
  timeout: duration.optional().meta({ description: 'Time until the response to a request must begin, from when the whole request is there; then its caller gets 504. Default: 60s from when it was sent to an instance.' }),
  cache: z
    .strictObject({
      stale_if_error: duration.meta({ description: 'How long after it went stale a copy of an answer may stand in when the app gives none, or 500, 502, 503 or 504. The ingress keeps copies of what may be shared, for nothing else.' }),
    })
    .optional()
    .meta({ description: 'Copies of its answers at the ingress; default: none are kept.' }),
  scale: z.int().min(0).max(100).optional().meta({ description: 'Number of instances; default 1.' }),
  resources: resources.prefault({}).meta({ description: 'Limits of each instance; none where left out.' }),
  metrics: metrics.optional().meta({ description: 'Its own metrics in the text format of Prometheus, read by the agent beside it; default: none are read.' }),
  health: health.optional().meta({ description: 'How it is known to work, by one of path, tcp and exec; default: its port accepts connections, or, without a port, it lives for a second.' }),
  stop: z
    .strictObject({
      signal: z.enum(['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH']).default('SIGTERM').meta({ description: 'Signal that asks it to end.' }),
      grace: duration.default('30s').meta({ description: 'Time to end after the signal; then it is killed.' }),
    })
    .prefault({})
    .meta({ description: 'How it is stopped, once it is out of rotation and drained.' }),
  restart: z
    .strictObject({
      policy: z.enum(['permanent', 'transient', 'temporary']).default('permanent').meta({ description: 'permanent: always restarted. transient: unless it exits with 0. temporary: never.' }),
      intensity: z.int().min(0).max(1000).default(5).meta({ description: 'Restarts within `period` until it is held; one is always tried.' }),
      period: duration.default('1m').meta({ description: 'The window in which restarts are counted.' }),
      backoff: z.string().regex(/^\d+(ms|s|m)\.\.\d+(ms|s|m|h)$/, 'must be like 1s..1m').default('1s..1m').meta({ title: 'shortest..longest', description: 'Wait before a restart; it doubles from the shortest to the longest.' }),
    })
    .prefault({})
    .meta({ description: 'Restart policy in the words of OTP.' }),
  needs: z.record(serviceName, z.literal('healthy')).default({}).meta({ description: 'Services it calls. Each gets an edge, which the caller knows as API_URL, API_HOST and API_PORT (for a service api). It starts once they are ready.' }),
  env: z.record(variableName, z.union([z.string(), z.number(), z.boolean()]).transform(String)).default({}).meta({ description: 'Variables; config of operators goes before them.' }),
  secrets: z.array(variableName).default([]).meta({ description: 'Secrets that must be set before a release starts, and that only the services that list them get. Their values are set with nightshift secrets set, never here.' }),
  slo: slo.optional().meta({ description: 'Objectives of the service towards all its callers, in production.' }),
  volumes: z.record(volumeName, absolutePath).default({}).meta({ description: 'Named volumes and where each appears; /app/… is the app’s own folder. A service with volumes has one instance at most.' }),
})

const deploy = z.strictObject({
  strategy: z.enum(['rolling', 'blue-green', 'canary']).default('rolling').meta({ description: 'rolling: new instances start, and an old one leaves as each is ready. blue-green: all new ones start beside the old ones and take over at once. canary: so too, after a share of the callers has tried them.' }),
  canary: z.array(percent).min(1).max(10).refine((shares) => shares.every((share, nth) => nth === 0 || parsePercent(share) > parsePercent(shares[nth - 1] as string)), 'must rise, such as [5%, 25%]').default(['5%', '25%']).meta({ description: 'Shares of new callers, one after the other, with strategy canary.' }),
  hold: duration.default('1m').meta({ description: 'How long each share of a canary is compared with the release before; if it is worse, the rollout is given up.' }),
  sticky: z.union([z.literal('cookie'), z.string().regex(/^header:[A-Za-z0-9-]{1,60}$/, 'must be cookie, or header: and the name of a header')]).default('cookie').meta({ description: 'How a caller of a canary is known again: by a cookie, or by a header of its own (header:X-User-Id).' }),
  bake: duration.default('5m').meta({ description: 'How long after the switch a release is compared with the one before; if it is worse, it is rolled back. 0s: not at all.' }),
  drain: duration.default('30s').meta({ description: 'How long requests in flight may take before an old instance is stopped.' }),
})

const overrides = z.strictObject({
  slo: slo.optional().meta({ description: 'Objectives here; those above are of production.' }),
  services: z
    .record(
      serviceName,
      z.strictObject({
        scale: z.int().min(0).max(100).optional().meta({ description: 'Instead of the number above.' }),
        domains: z.array(hostName).optional().meta({ description: 'Instead of the list above.' }),
        env: z.record(variableName, z.string()).optional().meta({ description: 'Laid over the variables above.' }),
        resources: resources.optional().meta({ description: 'Each limit instead of the one above.' }),
      }),
    )
    .default({})
    .meta({ description: 'Services by name; each must be one of those above.' }),
})

export const manifestSchema = z.strictObject({
  name: appName.optional().meta({ description: 'Name of the app, where the command line gives none.' }),
  services: z.record(serviceName, serviceSchema).refine((services) => Object.keys(services).length > 0, { message: 'must name at least one service' }).meta({ description: 'Services by name; one at least.' }),
  release: shellLine.optional().meta({ description: 'Shell line, run once before traffic moves, in the surroundings of web; if it exits with anything but 0, the release fails.' }),
  build: build.optional().meta({ description: 'How every service is built that does not say it itself.' }),
  slo: slo.optional().meta({ description: 'Objectives of the app towards callers from outside, in production: alerts follow how fast the error budget burns.' }),
  deploy: deploy.prefault({}).meta({ description: 'How a release takes over.' }),
  logs: z
    .strictObject({
      keep: duration.refine((text) => !/^\d+(\.\d+)?(ms|s|m|h|d)$/.test(text) || parseDuration(text) >= 3_600_000, 'must be 1h at least').optional().meta({ title: 'duration', description: 'How long lines are kept, an hour at least; default 7d.' }),
      size: size.optional().meta({ description: 'Up to what size of the app, as stored; the oldest go first. Default 2GB.' }),
    })
    .optional()
    .meta({ description: 'How long and how much of the log is kept; what an operator sets (nightshift logs keep) goes before it.' }),
  checks: z.array(declaredCheckSchema).max(100).default([]).meta({ title: 'list of checks', description: 'What is checked from outside and from near, in every environment; see checks.md.' }),
  rules: z.array(declaredRuleSchema).max(30).default([]).meta({ title: 'list of rules', description: 'Alert rules about the app, in every environment; see alerts.md.' }),
  environments: z.record(environmentName, overrides).default({}).meta({ description: 'What differs in an environment, by its name.' }),
})

/** A manifest with every default filled in. */
export type Manifest = z.output<typeof manifestSchema>
export type ManifestInput = z.input<typeof manifestSchema>
export type ServiceManifest = Manifest['services'][string]
