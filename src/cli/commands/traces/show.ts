import type { Span } from '#contract/traces.ts'
import { type WaterfallRow, waterfallOf } from '#contract/waterfall.ts'
import { argument, command, serverFlags, switchFlag, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { harmless } from '../../output.ts'
import { localClock, localTime } from '../../times.ts'
import { milliseconds, plural } from '../../words.ts'

const barWidth = 32
const mostDepth = 12

export const tracesShow = command({
  parameters: { positional: { kind: 'tuple', parameters: [argument('TRACE', 'An id of nightshift traces, or of an access line')] }, flags: { attributes: switchFlag('With what each span says of itself'), ...serverFlags } },
  about: 'A waterfall: when each span began and how long it took. * marks the path that made the whole as long as it is, ! what failed.',
  async run(cli: Cli, flags: ServerFlags & { attributes: boolean }, traceId: string) {
    const { client } = await cli.connect(flags)
    const trace = await client.call('traces.read', { params: { trace: traceId } })
    if (flags.json) return cli.out.json(trace)
    const { out } = cli
    const { rows, startMs, durationMs } = waterfallOf(trace.spans)
    const failed = trace.spans.filter((span) => span.status === 'error').length
    out.line(`${out.paint('bold', trace.traceId)}  ${milliseconds(durationMs)}, ${plural(rows.length, 'span')}${failed > 0 ? `, ${plural(failed, 'error')}` : ''}, ${localTime(new Date(startMs).toISOString())}`)
    const names = rows.map(nameOf)
    const width = Math.min(60, Math.max(...names.map((name) => name.length)))
    rows.forEach((row, nth) => {
      const name = (names[nth] as string).slice(0, width).padEnd(width)
      const mark = row.span.status === 'error' ? '!' : row.critical ? '*' : ' '
      out.line(`${out.paint(row.span.status === 'error' ? 'red' : undefined, `${mark} ${name}`)}  ${out.paint('dim', bar(row, durationMs))}  ${(milliseconds(row.span.durationMs) ?? '').padStart(9)}`)
      if (flags.attributes) for (const line of attributeLines(row)) out.line(out.paint('dim', line))
    })
    if (trace.partial) out.note('there are more spans than these')
    if (trace.lines.length > 0) out.line(`\n${out.paint('dim', 'log')}`)
    for (const line of trace.lines) out.line(`${out.paint('dim', `${localClock(new Date(line.at))}  ${line.instance}`)}  ${harmless(line.text)}`)
  },
})

function nameOf({ span, depth }: WaterfallRow): string {
  return `${'  '.repeat(Math.min(depth, mostDepth))}${harmless(`${whoOf(span)}  ${span.name}`)}`
}

function whoOf(span: Span): string {
  if (!span.byProxy) return span.service
  const from = span.attributes['nightshift.from']
  return typeof from === 'string' ? `${from} → ${span.service}` : `ingress → ${span.service}`
}

/** Its place in the whole, at least one mark. */
function bar({ offsetMs, span }: WaterfallRow, wholeMs: number): string {
  const scale = wholeMs === 0 ? 0 : barWidth / wholeMs
  const from = Math.min(barWidth - 1, Math.floor(offsetMs * scale))
  const length = Math.max(1, Math.min(barWidth - from, Math.round(span.durationMs * scale)))
  return `${'·'.repeat(from)}${'█'.repeat(length)}${'·'.repeat(barWidth - from - length)}`
}

function attributeLines({ span, depth }: WaterfallRow): string[] {
  const indent = ' '.repeat(4 + 2 * Math.min(depth, mostDepth))
  const facts = Object.entries(span.attributes).map(([name, value]) => `${indent}${harmless(`${name} = ${String(value)}`)}`)
  return [...facts, ...span.events.map((event) => `${indent}${harmless(`${milliseconds(event.atMs - span.atMs)} ${event.name} ${Object.values(event.attributes).map(String).join(' ')}`)}`)]
}
