import { z } from 'zod'

export const defaultBaseImage = 'nightshift/base:bookworm'
export const standardAnswerMs = 15_000

/** Settings of the docker driver. Everything has a default but the folder. */
export const dockerConfig = z.strictObject({
  /** Where working copies of slugs lie; absolute. Tasks of drivers over different folders do not see each other. */
  dir: z.string().startsWith('/'),
  socket: z.string().startsWith('/').default('/var/run/docker.sock'),
  /** What the engine answers at once is given up after this long without a word of it. */
  answerMs: z.number().int().min(100).default(standardAnswerMs),
  /** What slugs run on. */
  baseImage: z.string().min(1).default(defaultBaseImage),
  /** A folder with the pinned `node`, mounted read-only at /nightshift/bin and first in PATH of slugs. */
  nodeBin: z.string().startsWith('/').nullable().default(null),
  /** Slugs run as users of their own from this range when Nightshift runs as root. */
  users: z.strictObject({ base: z.number().int().min(1000), count: z.number().int().min(1) }).default({ base: 61_000, count: 4000 }),
  pidsMax: z.number().int().min(16).default(4096),
  /** The engine keeps this much output per task; the oldest goes first. */
  logBytes: z.number().int().min(1 << 20).default(64 * 1024 ** 2),
  /** Each app's environment has a network of 250 addresses in this private /15. */
  subnets: z.tuple([z.number().int().min(1).max(254), z.number().int().min(0).max(254)]).default([10, 210]),
})
export type DockerConfig = z.input<typeof dockerConfig>
export type DockerSettings = z.output<typeof dockerConfig>
