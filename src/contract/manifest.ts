/**
 * `nightshift.yml`: one schema that validates, types and documents an app's manifest. Parsing of YAML with line and
 * column lives in `run/manifest`; this file is the shape. Unknown keys are errors; `x-*` keys are dropped before.
 */
import { z } from 'zod'
import { parseDuration, parseSize } from '#base/units.ts'
import { appName, environmentName, hostName, pathPrefix, serviceName, variableName, volumeName } from './names.ts'

function checked(parse: (text: string) => number, example: string) {
  return z.string().refine(
    (text) => {
      try {
        parse(text)
        return true
      } catch {
        return false
      }
    },
    { message: `must be like ${example}` },
  )
}

export const duration = checked(parseDuration, '500ms, 30s, 5m or 2h').meta({ description: 'A duration: 500ms, 30s, 5m, 2h, 7d.' })
export const size = checked(parseSize, '256MB or 2GB').meta({ description: 'A size: 256MB, 2GB.' })
const command = z.union([z.string().min(1).max(4000), z.array(z.string().min(1)).min(1)])
const absolutePath = z.string().regex(/^\/(?!.*(^|\/)\.\.(\/|$))[^\0]{0,250}$/, 'must be an absolute path without ..')
const relativePath = z
  .string()
  .max(250)
  .regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$))[^\0]+$/, 'must be a path inside the app, without ..')

export const builders = ['auto', 'node', 'python', 'static', 'buildpack', 'dockerfile', 'none'] as const
export type BuilderName = (typeof builders)[number]

const build = z.strictObject({
  builder: z.enum(builders).default('auto').meta({ description: 'How source becomes an artifact; auto detects it and says why.' }),
  buildpack: relativePath.optional().meta({ description: 'Folder of a classic buildpack inside the app (bin/detect, bin/compile, bin/release).' }),
  dockerfile: relativePath.optional().meta({ description: 'Dockerfile to use, default Dockerfile.' }),
  pre: z.string().min(1).optional().meta({ description: 'Shell line run in the source before the build.' }),
  post: z.string().min(1).optional().meta({ description: 'Shell line run after the build.' }),
  env: z.record(variableName, z.string()).optional().meta({ description: 'Variables for the build only.' }),
})

const health = z.strictObject({
  path: pathPrefix.optional().meta({ description: 'HTTP path that must answer 2xx or 3xx.' }),
  tcp: z.literal(true).optional().meta({ description: 'The port must accept a connection.' }),
  exec: z.array(z.string().min(1)).min(1).optional().meta({ description: 'A command that must exit 0 within the instance.' }),
  host: hostName.optional().meta({ description: 'Host header of the HTTP probe.' }),
  interval: duration.default('2s'),
  timeout: duration.default('1s'),
  failures: z.int().min(1).max(20).default(3).meta({ description: 'Failures in a row until the instance counts as unhealthy.' }),
  startup: duration.default('60s').meta({ description: 'Grace for the first success.' }),
})

export const protocols = ['http', 'tcp', 'redis', 'postgres', 'mysql', 'amqp', 'mongodb'] as const

export const serviceSchema = z.strictObject({
  root: relativePath.default('.').meta({ description: 'Folder in a monorepo.' }),
  build: build.prefault({}),
  image: z.string().regex(/^[a-z0-9][a-z0-9._\-/:@]{0,250}$/i).optional().meta({ description: 'A ready image instead of a build (docker driver).' }),
  command: command.optional().meta({ description: 'Start command; else Procfile, package.json "start", image CMD. A string is a shell line of the app, a list is an argument array.' }),
  protocol: z.enum(protocols).default('http').meta({ description: 'What it speaks; decides its edges and the scheme of <NAME>_URL.' }),
  port: z.union([z.int().min(1).max(65535), z.literal(false)]).optional().meta({ description: 'Fixed port; default: it binds $PORT. false: it listens on nothing.' }),
  domains: z.array(hostName).default([]),
  path: pathPrefix.default('/').meta({ description: 'Path prefix of its routes.' }),
  public: z.boolean().optional().meta({ description: 'Whether the ingress serves it; default: only the service named web, and every one with domains.' }),
  scale: z.int().min(0).max(100).optional().meta({ description: 'Number of instances; default 1.' }),
  resources: z.strictObject({ memory: size.optional(), cpu: z.number().min(0.01).max(256).optional() }).prefault({}),
  health: health.optional(),
  stop: z.strictObject({ signal: z.enum(['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH']).default('SIGTERM'), grace: duration.default('30s') }).prefault({}),
  restart: z
    .strictObject({
      policy: z.enum(['permanent', 'transient', 'temporary']).default('permanent'),
      intensity: z.int().min(0).max(1000).default(5),
      period: duration.default('1m'),
      backoff: z.string().regex(/^\d+(ms|s|m)\.\.\d+(ms|s|m|h)$/, 'must be like 1s..1m').default('1s..1m'),
    })
    .prefault({})
    .meta({ description: 'Restart policy in the words of OTP.' }),
  needs: z.record(serviceName, z.literal('healthy')).default({}).meta({ description: 'Services it calls: an edge each, and API_URL, API_HOST, API_PORT.' }),
  env: z.record(variableName, z.union([z.string(), z.number(), z.boolean()]).transform(String)).default({}),
  secrets: z.array(variableName).default([]).meta({ description: 'Secrets that must be set before it starts.' }),
  volumes: z.record(volumeName, absolutePath).default({}).meta({ description: 'Named volumes and where they appear (/app/… is the working copy).' }),
})

const deploy = z.strictObject({
  strategy: z.enum(['rolling']).default('rolling'),
  drain: duration.default('30s').meta({ description: 'How long requests in flight may take before an old instance is stopped.' }),
})

const overrides = z.strictObject({
  services: z.record(serviceName, z.strictObject({ scale: z.int().min(0).max(100).optional(), domains: z.array(hostName).optional(), env: z.record(variableName, z.string()).optional(), resources: serviceSchema.shape.resources.optional() })).default({}),
})

export const manifestSchema = z.strictObject({
  name: appName.optional(),
  services: z.record(serviceName, serviceSchema).refine((services) => Object.keys(services).length > 0, { message: 'must name at least one service' }),
  release: z.string().min(1).optional().meta({ description: 'Run once before traffic moves; non-zero blocks the release.' }),
  build: build.optional().meta({ description: 'Build settings of all services that share the root.' }),
  deploy: deploy.prefault({}),
  environments: z.record(environmentName, overrides).default({}),
})

/** A manifest with every default filled in. */
export type Manifest = z.output<typeof manifestSchema>
export type ManifestInput = z.input<typeof manifestSchema>
export type ServiceManifest = Manifest['services'][string]
