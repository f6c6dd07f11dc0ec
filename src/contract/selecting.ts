/** What the API answers about a query over machines, apps, services, instances and checks. */
import { z } from 'zod'
import { healthSchema } from './model.ts'
import { instanceStates } from './wire.ts'

export const tagName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._/-]{0,39}$/, 'must begin with a letter or digit and hold only a-z, 0-9, ".", "_", "/" and "-", 40 characters at most')
  .meta({ title: 'tag' })
export const tagList = z.array(tagName).max(30)

export const selectionSchema = z.object({
  /** The query as it was understood; empty when there was none. */
  query: z.string(),
  /** Why it matches nothing by its form; null: it may match. */
  because: z.string().nullable(),
  counts: z.object({ machines: z.number().int(), apps: z.number().int(), services: z.number().int(), instances: z.number().int(), checks: z.number().int() }),
  machines: z.array(z.object({ name: z.string(), state: z.enum(['connected', 'lost']), tags: z.array(z.string()) })),
  apps: z.array(z.object({ app: z.string(), environment: z.string(), state: healthSchema })),
  services: z.array(z.object({ app: z.string(), environment: z.string(), service: z.string(), state: healthSchema })),
  instances: z.array(z.object({ app: z.string(), environment: z.string(), service: z.string(), instance: z.string(), machine: z.string(), state: z.enum(instanceStates), release: z.number().int() })),
  checks: z.array(z.object({ id: z.string(), name: z.string(), app: z.string().nullable(), state: z.string() })),
})
export type Selection = z.infer<typeof selectionSchema>
