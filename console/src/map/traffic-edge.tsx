import { BaseEdge, EdgeLabelRenderer, type EdgeProps, getBezierPath, useStore } from '@xyflow/react'
import type { MapView } from '#contract/model.ts'
import { formatLatency, formatRate, formatShare } from '../lib/numbers.ts'

export type EdgeData = { edge: MapView['edges'][number]; dim: boolean; calm: boolean }

/** From so much on calls fail visibly. */
export const badShare = 0.01
/** From so far away text is not read any more: only what is wrong keeps its label. */
export const isFar = ({ transform }: { transform: [number, number, number] }) => transform[2] < 0.45

/** A line as wide as its traffic, whose dashes move with it; red where calls fail. */
export function TrafficEdge({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, data }: EdgeProps & { data?: EdgeData }) {
  const [path, labelX, labelY] = getBezierPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition })
  const far = useStore(isFar)
  if (data === undefined) return null
  const { edge, dim, calm } = data
  const bad = edge.errorShare >= badShare && edge.requestRate > 0
  const width = edge.requestRate === 0 ? 1 : Math.min(4, 1 + Math.log10(1 + edge.requestRate) * 0.9)
  const seconds = edge.requestRate === 0 ? 0 : Math.max(0.6, 3.2 - Math.log10(1 + edge.requestRate))
  const color = bad ? 'var(--red-mark)' : 'var(--rule-strong)'
  return (
    <>
      <BaseEdge path={path} style={{ stroke: color, strokeWidth: width, strokeDasharray: edge.declared ? undefined : '6 4', opacity: dim ? 0.2 : edge.requestRate === 0 ? 0.6 : 0.45, transition: 'opacity 200ms' }} />
      {edge.requestRate === 0 || dim || calm ? null : <path d={path} fill="none" stroke={bad ? 'var(--red-mark)' : 'var(--accent)'} strokeWidth={width} strokeDasharray="2 10" strokeLinecap="round" style={{ animation: `flow ${seconds * 2}s linear infinite` }} />}
      {far && !bad ? null : <EdgeLabelRenderer>
        <div className={`nodrag nopan pointer-events-none absolute rounded-sm bg-paper px-1 font-mono text-[10.5px] leading-[13px] text-center ${bad ? 'text-red' : 'text-soft'} ${dim ? 'opacity-25' : ''}`} style={{ transform: `translate(-50%, -50%) translate(${labelX}px, ${labelY}px)` }}>
          {edge.requestRate === 0 ? (
            edge.traced ? 'seen in traces' : 'idle'
          ) : (
            <>
              {formatRate(edge.requestRate)}
              <br />
              {bad ? `${formatShare(edge.errorShare)} fail` : edge.p95Ms === null ? '' : `p95 ${formatLatency(edge.p95Ms)}`}
            </>
          )}
        </div>
      </EdgeLabelRenderer>}
    </>
  )
}
