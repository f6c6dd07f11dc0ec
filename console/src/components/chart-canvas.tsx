/** The one place that makes a uPlot. Loaded when a graph is first shown. */
import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { onLookChange, resolveColor } from '../lib/theme.ts'
import { axisTime } from '../lib/times.ts'
import { type ChartProps, bandOpacity, dashOf } from './chart.tsx'
import { type Shown, drawMarkers, showReadout, takeSpan } from './chart-drawing.ts'

/** 1, 2, 4 … of KB, MB and GB: round numbers of bytes. */
const byteSteps = Array.from({ length: 32 }, (_, power) => 2 ** (power + 10))
const dashes: (number[] | undefined)[] = [undefined, [5, 3], [2, 3], [8, 3, 2, 3]]
const font = '12px "IBM Plex Mono", monospace'

/** An edge of the band: it has no line of its own, and no name. */
const unseen = { label: '', stroke: 'transparent', width: 0, points: { show: false } }

/** What may change while a plot stands: it is read when something is drawn. */
type Live = Shown & Pick<ChartProps, 'onSpan'> & { scaleFormat: ChartProps['format'] }
/** What makes another plot when it changes. */
type Form = { lines: ChartProps['lines']; hasBand: boolean; height: number; minutes: number; until: number | undefined; floor: number; bytes: boolean; canDrag: boolean }

export default function ChartCanvas({ times, lines, rest = null, markers, format, scaleFormat = format, height, minutes, until, floor = 0, bytes = false, onSpan }: Omit<ChartProps, 'title' | 'about'>) {
  const holder = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const data = [times, ...(rest === null ? [] : [rest.high, rest.low]), ...ghostsOf(lines).map((line) => line.before), ...lines.map((line) => line.values)] as uPlot.AlignedData
  const latest = useRef<Live>({ data, rest, markers, format, scaleFormat, onSpan, minutes })
  latest.current = { data, rest, markers, format, scaleFormat, onSpan, minutes }
  const canDrag = onSpan !== undefined
  const shape = `${rest === null ? '' : 'band '}${ghostsOf(lines).length}#${lines.map((line) => `${line.name}:${line.tone}`).join('|')}`

  useEffect(() => {
    const element = holder.current as HTMLDivElement
    const draw = () => {
      plot.current?.destroy()
      plot.current = new uPlot(optionsOf({ lines, hasBand: rest !== null, height, minutes, until, floor, bytes, canDrag }, () => latest.current, element), latest.current.data, element)
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

/** Lines of what was before: they stand behind, and are drawn first. */
const ghostsOf = (lines: ChartProps['lines']) => lines.filter((line) => line.before !== undefined && line.before !== null)

function optionsOf({ lines, hasBand, height, minutes, until, floor, bytes, canDrag }: Form, live: () => Live, element: HTMLElement): uPlot.Options {
  const [soft, rule, paper, marker] = [resolveColor('ink-soft'), resolveColor('rule'), resolveColor('paper'), resolveColor('rule-strong')]
  // a graph of the past is read for its marks: their words stand above the line
  const headroom = until === undefined ? 1.12 : 1.45
  const axis = { stroke: soft, font, ticks: { show: false } }
  return {
    width: element.clientWidth,
    height,
    padding: [10, 18, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { x: canDrag, y: false, setScale: false, dist: 6 } },
    scales: { x: { time: true, range: () => shownTime(minutes, until) }, y: { range: (_, min, max) => [Math.min(0, (min ?? 0) * headroom), Math.max((max ?? 0) * headroom, floor || 1e-9)] } },
    axes: [
      { ...axis, size: 26, space: 76, grid: { show: false }, values: (_, splits) => splits.map((split) => axisTime(split * 1000, minutes)) },
      { ...axis, size: 62, space: 34, ...(bytes ? { incrs: byteSteps } : {}), grid: { stroke: rule, width: 1 }, values: (_, splits) => splits.map((split) => live().scaleFormat(split)) },
    ],
    ...(hasBand ? { bands: [{ series: [1, 2] as [number, number], fill: `color-mix(in srgb, ${soft} ${bandOpacity * 100}%, transparent)` }] } : {}),
    series: seriesOf(lines, hasBand),
    hooks: {
      drawAxes: [(u) => drawMarkers(u, live().markers, { line: marker, text: soft, paper }, font)],
      setCursor: [(u) => showReadout(u, element, live())],
      setSelect: [(u) => takeSpan(u, live().onSpan)],
    },
  }
}

/** In the order of the data: time, the band's two edges, what was before, the lines. */
function seriesOf(lines: ChartProps['lines'], hasBand: boolean): uPlot.Series[] {
  return [
    {},
    ...(hasBand ? [unseen, unseen] : []),
    ...ghostsOf(lines).map((line) => ({ label: `${line.name} before`, stroke: resolveColor('rule-strong'), width: 1, points: { show: false } })),
    ...lines.map((line, index) => ({
      label: line.name,
      stroke: resolveColor(line.tone),
      width: 1.4,
      ...(dashes[dashOf(index)] === undefined ? {} : { dash: dashes[dashOf(index)] as number[] }),
      ...(lines.length === 1 ? { fill: `color-mix(in srgb, ${resolveColor(line.tone)} 10%, transparent)` } : {}),
      points: { show: false },
    })),
  ]
}

function shownTime(minutes: number, until = Date.now() / 1000): [number, number] {
  return [until - minutes * 60, until]
}
