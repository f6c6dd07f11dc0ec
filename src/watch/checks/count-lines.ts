import { patternOf } from '#base/pattern.ts'
import type { CheckTools } from '#drivers/check/port.ts'
import type { LogReader } from '#watch/logs/port.ts'

/** Lines of a log that hold a text or pattern, up to the limit. A search that is not done in time is an error of the check, not a small number. */
export function countLines(lines: LogReader['read']): NonNullable<CheckTools['countLines']> {
  return async ({ app, environment, service, text, level, since, limit }) => {
    const wanted = patternOf(text)
    const holding = typeof wanted === 'string' ? { text: wanted } : { where: { kind: 'regex', regex: wanted } as const }
    const page = await lines({ apps: [app], app, environment, service: service ?? undefined, ...holding, level: level as 'debug' | 'info' | 'warn' | 'error' | undefined, since, limit })
    if (page.partial && page.lines.length < limit) throw new Error('the log could not be searched in time (narrow the window, or name a service)')
    return page.lines.length
  }
}
