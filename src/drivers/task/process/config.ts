import { z } from 'zod'

/** Settings of the process driver. Everything has a default but the folder. */
export const processConfig = z.strictObject({
  /** Where tasks' folders lie; absolute, owned by the driver. One driver at a time starts and stops tasks in it. */
  dir: z.string().startsWith('/'),
  /** Folders that come before the system's in every task's PATH, such as the pinned Node's. */
  path: z.array(z.string().startsWith('/')).default([]),
  /** As root, apps run as users of their own from this range. */
  users: z.strictObject({ base: z.number().int().min(1000), count: z.number().int().min(1) }).default({ base: 61_000, count: 4000 }),
  /** Where control groups are mounted; null leaves them alone: no limits, and a task's processes are found by their marker. */
  cgroups: z.string().startsWith('/').nullable().default('/sys/fs/cgroup'),
  /** Processes and threads a task may have. */
  pidsMax: z.number().int().min(16).default(4096),
  /** Room on the disk that is kept for starting apps again when it is full; 0 keeps none. */
  reserveBytes: z.number().int().min(0).default(0),
  logs: z
    .strictObject({
      /** Per stream: unreleased output beyond this is dropped, oldest first, and counted. */
      maxBytes: z.number().int().min(65_536),
      /** Released output goes back to the disk in steps of at least this. */
      stepBytes: z.number().int().min(4096),
    })
    .default({ maxBytes: 64 * 1024 ** 2, stepBytes: 1024 ** 2 }),
})
export type ProcessConfig = z.input<typeof processConfig>
export type ProcessSettings = z.output<typeof processConfig>
