/** The one place that knows uPlot. Loaded when a graph is first shown. */
import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { apart } from '../lib/graph-marks.ts'
import { onLookChange, resolveColor } from '../lib/theme.ts'
import { axisTime, readoutTime } from '../lib/times.ts'
import { type ChartProps, bandOpacity, dashOf } from './chart.tsx'

/** 1, 2, 4 … of KB, MB and GB: round numbers of bytes. */
const byteSteps = Array.from({ length: 32 }, (_, power) => 2 ** (power + 10))
const dashes: (number[] | undefined)[] = [undefined, [5, 3], [2, 3], [8, 3, 2, 3]]

/** An edge of the band: it has no line of its own, and no name. */
const unseen = { label: '', stroke: 'transparent', width: 0, points: { show: false } }

export default function ChartCanvas({ times, lines, rest = null, markers, format, scaleFormat = format, height, minutes, until, floor = 0, bytes = false, onSpan }: Omit<ChartProps, 'title' | 'about'>) {
  const holder = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  // what was before stands behind, and is drawn first
  const ghosts = lines.filter((line) => line.before !== undefined && line.before !== null)
  const data = [times, ...(rest === null ? [] : [rest.high, rest.low]), ...ghosts.map((line) => line.before), ...lines.map((line) => line.values)] as uPlot.AlignedData
  const latest = useRef({ data, rest, markers, format, scaleFormat, onSpan, minutes })
  latest.current = { data, rest, markers, format, scaleFormat, onSpan, minutes }
  const canDrag = onSpan !== undefined
  const shape = `${rest === null ? '' : 'band '}${ghosts.length}#${lines.map((line) => `${line.name}:${line.tone}`).join('|')}`

  useEffect(() => {
    const element = holder.current as HTMLDivElement
    // a graph of the past is read for its marks: their words stand above the line
    const headroom = until === undefined ? 1.12 : 1.45
    const draw = () => {
      plot.current?.destroy()
      plot.current = new uPlot(optionsFor(element.clientWidth), latest.current.data, element)
    }
    const optionsFor = (width: number): uPlot.Options => {
      const soft = resolveColor('ink-soft')
      const rule = resolveColor('rule')
      const paper = resolveColor('paper')
      const marker = resolveColor('rule-strong')
      const font = '12px "IBM Plex Mono", monospace'
      return {
        width,
        height,
        padding: [10, 18, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { size: 6 }, drag: { x: canDrag, y: false, setScale: false, dist: 6 } },
        scales: { x: { time: true, range: () => shownTime(minutes, until) }, y: { range: (_, min, max) => [Math.min(0, (min ?? 0) * headroom), Math.max((max ?? 0) * headroom, floor || 1e-9)] } },
        axes: [
          { stroke: soft, font, size: 26, space: 76, ticks: { show: false }, grid: { show: false }, values: (_, splits) => splits.map((split) => axisTime(split * 1000, minutes)) },
          { stroke: soft, font, size: 62, space: 34, ...(bytes ? { incrs: byteSteps } : {}), ticks: { show: false }, grid: { stroke: rule, width: 1 }, values: (_, splits) => splits.map((split) => latest.current.scaleFormat(split)) },
        ],
        ...(rest === null ? {} : { bands: [{ series: [1, 2] as [number, number], fill: `color-mix(in srgb, ${soft} ${bandOpacity * 100}%, transparent)` }] }),
        series: [
          {},
          ...(rest === null ? [] : [unseen, unseen]),
          ...ghosts.map((line) => ({ label: `${line.name} before`, stroke: resolveColor('rule-strong'), width: 1, points: { show: false } })),
          ...lines.map((line, index) => ({
            label: line.name,
            stroke: resolveColor(line.tone),
            width: 1.4,
            ...(dashes[dashOf(index)] === undefined ? {} : { dash: dashes[dashOf(index)] as number[] }),
            ...(lines.length === 1 ? { fill: `color-mix(in srgb, ${resolveColor(line.tone)} 10%, transparent)` } : {}),
            points: { show: false },
          })),
        ],
        hooks: {
          drawAxes: [(u) => drawMarkers(u, latest.current.markers, { line: marker, text: soft, paper }, font)],
          setCursor: [(u) => showReadout(u, element, latest.current)],
          setSelect: [(u) => takeSpan(u, latest.current.onSpan)],
        },
      }
    }
    draw()
    const unlook = onLookChange(() => requestAnimationFrame(draw))
    const resize = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height }))
    resize.observe(element)
    return () => {
      unlook()
      resize.disconnect()
      plot.current?.destroy()
      plot.current = null
    }
    // a new set of lines is a new plot; new values are not
  }, [shape, height, minutes, until, floor, bytes, canDrag])

  useEffect(() => {
    plot.current?.setData(latest.current.data)
  }, [times, lines, markers])

  return <div ref={holder} className="relative overflow-hidden" style={{ height }} />
}

function takeSpan(u: uPlot, onSpan: ChartProps['onSpan']): void {
  const { left, width } = u.select
  if (width < 6 || onSpan === undefined) return
  const [from, to] = [u.posToVal(left, 'x'), u.posToVal(left + width, 'x')]
  u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false)
  onSpan(from, to)
}

function shownTime(minutes: number, until = Date.now() / 1000): [number, number] {
  return [until - minutes * 60, until]
}

/** Between two marks, in pixels: one beside the other can be told from one alone. */
const leastApart = 4

/** What changed or was done, as thin upright lines with a word: it stands on the graph. */
function drawMarkers(u: uPlot, markers: ChartProps['markers'], { line, text, paper }: { line: string; text: string; paper: string }, font: string): void {
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
  for (const [tone, those] of Map.groupBy(placed, ({ mark }) => mark.tone ?? 'rule-strong')) {
    ctx.strokeStyle = tone === 'rule-strong' ? line : resolveColor(tone)
    ctx.beginPath()
    for (const { x } of those) {
      ctx.moveTo(x, u.bbox.top)
      ctx.lineTo(x, u.bbox.top + u.bbox.height)
    }
    ctx.stroke()
  }
  // those that stand beside each other have one label, at the last of them
  const labels = [...Map.groupBy(placed, ({ group }) => group).values()].map((those) => ({ label: [...new Set(those.map(({ mark }) => mark.label))].join(' · '), x: Math.max(...those.map(({ x }) => x)), first: Math.min(...those.map(({ x }) => x)) }))
  // newest first: where two are too close, the older one's label stands a row lower, and below the last row not at all
  const lastLeft = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  const gap = 4 * devicePixelRatio
  for (const { label, x, first } of labels.toSorted((one, other) => other.x - one.x)) {
    const width = ctx.measureText(label).width
    const left = rightEnd - x > width + gap ? x + gap : first - width - gap
    const row = lastLeft.findIndex((last) => left + width + 2 * gap <= last)
    if (row === -1 || left < u.bbox.left) continue
    const top = u.bbox.top + row * 13 * devicePixelRatio
    ctx.fillStyle = paper
    ctx.fillRect(left - gap / 2, top, width + gap, 12 * devicePixelRatio)
    ctx.fillStyle = text
    ctx.fillText(label, left, top)
    lastLeft[row] = left
  }
  ctx.restore()
}

type Shown = { data: uPlot.AlignedData; rest: ChartProps['rest']; markers: ChartProps['markers']; format: (value: number) => string; minutes: number }
const nearPixels = 7

/** The values where the pointer is; near a mark, what happened. */
function showReadout(u: uPlot, element: HTMLElement, { data, rest, markers, format, minutes }: Shown): void {
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
