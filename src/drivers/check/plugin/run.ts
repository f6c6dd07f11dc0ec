import { parseSize } from '#base/units.ts'
import type { CheckConfig } from '#contract/check-kinds.ts'
import type { RunCheck } from '../port.ts'
import { isCloudkick, readCloudkick } from './cloudkick.ts'
import { readNagios } from './nagios.ts'

/** Which of the two it is, its output says. */
export const runPlugin: RunCheck<CheckConfig<'plugin'>> = async (config, { tools, signal, timeoutMs, spec }) => {
  if (tools.runPlugin === undefined) return { status: 'err', message: 'plugins run on machines, not from control (check it from near, or from machine:<name>)' }
  const which = config.plugin.startsWith('/') ? config.plugin : spec.plugin
  if (which === null) return { status: 'err', message: `there is no plugin ${config.plugin} (nightshift checks plugins lists them)` }
  const { code, output, truncated } = await tools.runPlugin({ plugin: which, args: config.args, memoryBytes: parseSize(config.memory), timeoutMs }, signal)
  const said = isCloudkick(output) ? readCloudkick(output, code) : readNagios(output, code)
  return truncated ? { ...said, message: `${said.message} (it said too much)` } : said
}
