/** Dashboards of people: rows of graphs, and each line of a graph one question to `metrics.query`. */
import { z } from 'zod'
import { AppError } from '#base/errors.ts'
import { appName } from './names.ts'
import { parseWhere } from './label-conditions.ts'
import { metricFns } from './metrics.ts'

const title = z.string().min(1).max(80).regex(/^[^\0\n]*$/, 'must be one line')
const label = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]{0,99}$/, 'must be the name of a label, such as service')
const conditions = z.string().max(500).refine(canParse, 'must be conditions such as app=shop,service=web')

function canParse(text: string): boolean {
  try {
    parseWhere(text)
    return true
  } catch (error) {
    if (error instanceof AppError) return false
    throw error
  }
}

export const dashboardId = z.string().regex(/^[a-z][a-z0-9-]{0,59}$/, 'must start with a letter and hold only a-z, 0-9 and -, 60 characters at most').meta({ title: 'dashboard' })

export const graphLineSchema = z.strictObject({
  /** Of a histogram, for p50 to p99: without `_bucket`. */
  metric: z.string().regex(/^[a-zA-Z_:][a-zA-Z0-9_:.]{0,199}$/, 'must be the name of a metric, such as nightshift_http_requests_total'),
  fn: z.enum(metricFns),
  /** Labels that tell lines apart; none: one line. */
  by: z.array(label).max(5).default([]),
  where: conditions.default(''),
  /** What it is a share of: the same metric with these conditions instead. */
  shareOf: conditions.optional(),
  /** Lines on which this label is empty are left out; conditions cannot say that. */
  onlyWith: label.optional(),
  /** Beside what its labels say. */
  name: title.optional(),
})
export const graphSchema = z.strictObject({
  title,
  lines: z.array(graphLineSchema).min(1).max(4),
  /** Always drawn beside its lines: the day or the week before. */
  compare: z.enum(['1d', '7d']).optional(),
})
export const dashboardSpecSchema = z.strictObject({
  title,
  /** Whose series it shows; null: whatever is chosen in the room. */
  app: appName.nullable().default(null),
  rows: z.array(z.array(graphSchema).min(1).max(4)).max(20).default([]),
})

export type GraphLine = z.infer<typeof graphLineSchema>
export type Graph = z.infer<typeof graphSchema>
export type DashboardSpec = z.infer<typeof dashboardSpecSchema>

export const dashboardSchema = dashboardSpecSchema.extend({ id: dashboardId, changedBy: z.string(), changedAt: z.iso.datetime() })
export type Dashboard = z.infer<typeof dashboardSchema>
/** Without its graphs. */
export const dashboardNameSchema = z.object({ id: dashboardId, title, app: appName.nullable(), graphs: z.number(), changedBy: z.string(), changedAt: z.iso.datetime() })
export type DashboardName = z.infer<typeof dashboardNameSchema>
