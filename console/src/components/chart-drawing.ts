/** What is drawn onto a graph beside its lines, and what the pointer does there. */
import type uPlot from 'uplot'
import { type Placed, apart } from '../lib/graph-marks.ts'
import { resolveColor } from '../lib/theme.ts'
import { readoutTime } from '../lib/times.ts'
import type { ChartProps } from './chart.tsx'

export function takeSpan(u: uPlot, onSpan: ChartProps['onSpan']): void {
  const { left, width } = u.select
  if (width < 6 || onSpan === undefined) return
  const [from, to] = [u.posToVal(left, 'x'), u.posToVal(left + width, 'x')]
  u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false)
  onSpan(from, to)
}

/** Between two marks, in pixels: one beside the other can be told from one alone. */
const leastApart = 4
type Marks = Placed<Pick<ChartProps['markers'][number], 'label' | 'tone'>>[]

/** What changed or was done, as thin upright lines with a word: it stands on the graph. */
export function drawMarkers(u: uPlot, markers: ChartProps['markers'], { line, text, paper }: { line: string; text: string; paper: string }, font: string): void {
  const { ctx } = u
  ctx.save()
  ctx.lineWidth = devicePixelRatio
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio])
  ctx.textAlign = 'left'
  ctx.textBaseline = 'top'
  ctx.font = font.replace('12px', `${11 * devicePixelRatio}px`)
  const [leftEnd, rightEnd] = [u.bbox.left, u.bbox.left + u.bbox.width]
  const seen = markers.map((marker) => ({ label: marker.label, tone: marker.tone, x: u.valToPos(marker.at, 'x', true) })).filter(({ x }) => x >= leftEnd && x <= rightEnd)
  const placed = apart(seen, leastApart * devicePixelRatio, leftEnd, rightEnd)
  drawLines(u, placed, line)
  drawLabels(u, placed, text, paper)
  ctx.restore()
}

function drawLines({ ctx, bbox }: uPlot, placed: Marks, color: string): void {
  for (const [tone, those] of Map.groupBy(placed, ({ mark }) => mark.tone ?? 'rule-strong')) {
    ctx.strokeStyle = tone === 'rule-strong' ? color : resolveColor(tone)
    ctx.beginPath()
    for (const { x } of those) {
      ctx.moveTo(x, bbox.top)
      ctx.lineTo(x, bbox.top + bbox.height)
    }
    ctx.stroke()
  }
}

function drawLabels({ ctx, bbox }: uPlot, placed: Marks, color: string, paper: string): void {
  // those that stand beside each other have one label, at the last of them
  const labels = [...Map.groupBy(placed, ({ group }) => group).values()].map((those) => ({ label: [...new Set(those.map(({ mark }) => mark.label))].join(' · '), x: Math.max(...those.map(({ x }) => x)), first: Math.min(...those.map(({ x }) => x)) }))
  // newest first: where two are too close, the older one's label stands a row lower, and below the last row not at all
  const lastLeft = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  const gap = 4 * devicePixelRatio
  for (const { label, x, first } of labels.toSorted((one, other) => other.x - one.x)) {
    const width = ctx.measureText(label).width
    const left = bbox.left + bbox.width - x > width + gap ? x + gap : first - width - gap
    const row = lastLeft.findIndex((last) => left + width + 2 * gap <= last)
    if (row === -1 || left < bbox.left) continue
    const top = bbox.top + row * 13 * devicePixelRatio
    ctx.fillStyle = paper
    ctx.fillRect(left - gap / 2, top, width + gap, 12 * devicePixelRatio)
    ctx.fillStyle = color
    ctx.fillText(label, left, top)
    lastLeft[row] = left
  }
}

/** What the readout says at the pointer. */
export type Shown = { data: uPlot.AlignedData; rest: ChartProps['rest']; markers: ChartProps['markers']; format: (value: number) => string; minutes: number }
const nearPixels = 7

/** The values where the pointer is; near a mark, what happened. */
export function showReadout(u: uPlot, element: HTMLElement, { data, rest, markers, format, minutes }: Shown): void {
  const index = u.cursor.idx
  const left = u.cursor.left
  const out = element.parentElement?.querySelector<HTMLElement>('[data-readout]')
  if (!out) return
  if (index === null || index === undefined || left === undefined || left < 0) {
    out.textContent = ''
    return
  }
  const near = markers.filter((marker) => Math.abs(u.valToPos(marker.at, 'x') - left) < nearPixels).flatMap((marker) => (marker.about === undefined ? [] : `${readoutTime(marker.at * 1000, minutes)}  ${marker.about}`))
  const parts = u.series.slice(1).flatMap((one, line) => {
    if (one.label === '') return []
    const value = data[line + 1]?.[index]
    return [`${u.series.length > 2 ? `${String(one.label)} ` : ''}${value === null || value === undefined ? '–' : format(value)}`]
  })
  const [low, high] = [rest?.low[index], rest?.high[index]]
  if (rest !== null && rest !== undefined && typeof low === 'number' && typeof high === 'number') parts.push(`${rest.count} more ${format(low)} to ${format(high)}`)
  const values = `${readoutTime((data[0][index] as number) * 1000, minutes)}  ${parts.join(parts.length > 4 ? '\n' : '  ')}`
  out.textContent = [...near, values].join('\n')
}
