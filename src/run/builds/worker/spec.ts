/** What control tells a build worker, and what it hears back. The answer comes from where the app's code ran: parse it, believe nothing else. */
import { z } from 'zod'
import { manifestSchema } from '#contract/manifest.ts'

export const workerSpec = z.object({
  build: z.string(),
  app: z.string(),
  environment: z.string(),
  clean: z.boolean(),
  /** Variables of the app that a build may see. */
  env: z.record(z.string(), z.string()),
  /** A container engine is there: a Dockerfile can be built. */
  containers: z.boolean(),
  timeMs: z.number(),
  unpackedBytes: z.number(),
  files: z.number(),
  logBytes: z.number(),
})
export type WorkerSpec = z.infer<typeof workerSpec>

function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return !value.includes('\0') && value.isWellFormed()
  if (value === null || typeof value !== 'object') return true
  return Object.entries(value).every(([key, each]) => isStorable(key) && isStorable(each))
}

const learned = {
  manifest: manifestSchema,
  manifestSource: z.string().max(60),
  builder: z.string().max(60),
  because: z.string().max(500),
}
/** Of why a build failed, in characters. */
export const mostReasonLength = 4000

export const workerResult = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('slug'), ...learned, processes: z.record(z.string(), z.string().max(4000)), runtime: z.string().max(200), path: z.array(z.string().max(250)).max(20), files: z.number(), bytes: z.number() }),
    /** The source is to be built by the container engine: `context.tar` holds it. */
    z.object({ kind: z.literal('dockerfile'), ...learned, dockerfile: z.string().max(250), buildArgs: z.record(z.string(), z.string()), processes: z.record(z.string(), z.string().max(4000)) }),
    z.object({ kind: z.literal('failed'), because: z.string().max(mostReasonLength), step: z.string().max(200) }),
  ])
  // else the end of the build could never be written, and builds behind it would wait for ever
  .refine(isStorable, 'holds a NUL or half a character, which the database takes in no text')
export type WorkerResult = z.infer<typeof workerResult>

/** Files in the folder that control and worker share. */
export const workFiles = { spec: 'spec.json', source: 'source.tar', log: 'log.ndjson', result: 'result.json', slug: 'slug.tgz', context: 'context.tar' } as const

const passedOn = /^(https?_proxy|no_proxy|all_proxy|ssl_cert_(file|dir)|node_extra_ca_certs|curl_ca_bundle|requests_ca_bundle|git_ssl_cainfo|pip_(cert|index_url|extra_index_url|find_links|default_timeout|trusted_host)|npm_config_(registry|cafile|strict_ssl))$/i

/** Variables of this machine that a build needs to reach registries; nothing else of our environment is passed on. */
export function machineVariables(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => passedOn.test(entry[0]) && entry[1] !== undefined))
}
