/** The one place that knows xyflow. Loaded with the map. */
import { Background, BackgroundVariant, Controls, ReactFlow } from '@xyflow/react'
import '@xyflow/react/dist/base.css'
import { useEffect, useRef, useState } from 'react'
import type { MapView } from '#contract/model.ts'
import { useCalmMotion, usePhone } from '../lib/use-media.ts'
import { graphOf } from './graph-of.ts'
import { GroupNode, IngressNode, MachineNode, ServiceNode } from './nodes.tsx'
import { TrafficEdge } from './traffic-edge.tsx'
import { useLayout } from './use-layout.ts'

const nodeTypes = { service: ServiceNode, 'group-box': GroupNode, ingress: IngressNode, machine: MachineNode }
const edgeTypes = { traffic: TrafficEdge }

export default function MapCanvas({ map, select, onClear }: { map: MapView; select: string | undefined; onClear: () => void }) {
  const phone = usePhone()
  const calm = useCalmMotion()
  const { holder, aspect } = useAspect()
  const layout = useLayout(map, aspect)
  if (layout === null) return <div ref={holder} className="h-full" />
  const { nodes, edges } = graphOf(map, layout, select, calm)
  return (
    <ReactFlow
      key={`${layout.width}x${layout.height}`}
      ref={holder}
      nodes={nodes}
      edges={edges}
      nodeTypes={nodeTypes as never}
      edgeTypes={edgeTypes as never}
      fitView
      fitViewOptions={{ padding: 0.06, maxZoom: 1.15 }}
      minZoom={0.1}
      onlyRenderVisibleElements
      maxZoom={2}
      nodesDraggable={false}
      nodesConnectable={false}
      nodesFocusable={false}
      edgesFocusable={false}
      elementsSelectable={false}
      panOnScroll
      zoomOnScroll={false}
      preventScrolling={!phone}
      onPaneClick={onClear}
      attributionPosition="bottom-left"
      aria-label="Map of apps, services and machines"
    >
      <Background variant={BackgroundVariant.Dots} gap={24} size={1} color="var(--rule)" />
      <Controls showInteractive={false} position="bottom-right" aria-label="Zoom of the map" />
    </ReactFlow>
  )
}

/** Width to height of the room there is, in coarse steps: a map does not rearrange itself for a scroll bar. */
function useAspect(): { holder: React.RefObject<HTMLDivElement | null>; aspect: number | null } {
  const holder = useRef<HTMLDivElement>(null)
  const [aspect, setAspect] = useState<number | null>(null)
  useEffect(() => {
    const element = holder.current?.parentElement
    if (!element) return
    const measure = () => element.clientHeight > 0 && setAspect(Math.max(0.25, Math.round((element.clientWidth / element.clientHeight) * 4) / 4))
    measure()
    const resize = new ResizeObserver(measure)
    resize.observe(element)
    return () => resize.disconnect()
  }, [])
  return { holder, aspect }
}
