import { parseDuration } from '#base/units.ts'
import type { CheckConfig } from '#contract/check-kinds.ts'
import type { RunCheck } from '../port.ts'

export const runLog: RunCheck<CheckConfig<'log'>> = async ({ text, level, window, max, min }, { spec, tools, now, signal }) => {
  if (tools.countLines === undefined) return { status: 'err', message: 'only control has the logs (check it from control)' }
  const { app, environment, service } = spec
  if (app === null || environment === null) return { status: 'err', message: 'a log check must belong to an app' }
  const since = new Date(now().getTime() - parseDuration(window))
  const count = await tools.countLines({ app, environment, service, text, level, since, limit: Math.max(max, min) + 1 }, signal)
  const metrics = [{ name: 'lines', value: count }]
  if (count > max && max >= min) return { status: 'err', message: `more than ${max} lines of the last ${window} hold "${text}"`, metrics }
  if (count < min) return { status: 'err', message: `${count} lines of the last ${window} hold "${text}", fewer than ${min}`, metrics }
  return { status: 'ok', message: `${count} lines of the last ${window} hold "${text}"`, metrics }
}
