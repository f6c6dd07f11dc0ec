/** Log lines as text: time, instance, level where it says something, text. */
import { readable } from '#contract/log-text.ts'
import type { LogLine } from '#contract/model.ts'
import { type Paint, type Style, harmless } from './output.ts'
import { localClock, localDay, localTime } from './times.ts'

const instanceStyles: readonly Style[] = ['cyan', 'magenta', 'blue', 'green']

/** Formats lines one after the other; the instance column grows to the longest name seen. */
export function logFormatter(options: { paint: Paint; colour: boolean; long: boolean; /** The text as it was written. */ raw?: boolean; now: Date }): (line: LogLine) => string {
  const { paint } = options
  const today = localDay(options.now)
  const styles = new Map<string, Style>()
  let width = 6
  const said = (line: LogLine): string => {
    const { text, fields } = readable(line)
    const beside = fields.map(([name, value]) => ` ${name}=${/[\s"=]/.test(value) ? JSON.stringify(value) : value}`).join('')
    return `${harmless(text, options.colour)}${beside === '' ? '' : paint('dim', harmless(beside, false))}`
  }
  return (line) => {
    const source = line.stream === 'stdout' || line.stream === 'stderr' ? line.instance : `${line.instance || line.service} ${line.stream}`
    width = Math.max(width, source.length)
    const service = line.service
    if (!styles.has(service)) styles.set(service, instanceStyles[styles.size % instanceStyles.length] as Style)
    const at = new Date(line.at)
    const day = localDay(at)
    const clock = `${localClock(at)}.${String(at.getMilliseconds()).padStart(3, '0')}`
    const time = options.long ? localTime(line.at) : day === today ? clock : `${day} ${clock}`
    const level = line.level === 'error' ? paint('red', 'error ') : line.level === 'warn' ? paint('yellow', 'warn  ') : ''
    const release = options.long && line.release !== null ? `v${line.release} ` : ''
    return `${paint('dim', time)} ${paint(styles.get(service), source.padEnd(width))} ${release}${level}${options.raw === true ? harmless(line.text, options.colour) : said(line)}`
  }
}
