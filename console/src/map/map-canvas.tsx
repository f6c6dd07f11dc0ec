/** The one place that knows xyflow. Loaded with the map. */
import { Background, BackgroundVariant, Controls, ReactFlow } from '@xyflow/react'
import '@xyflow/react/dist/base.css'
import { useMemo } from 'react'
import type { MapView } from '#contract/model.ts'
import { useCalmMotion, usePhone } from '../lib/use-media.ts'
import { graphOf } from './graph-of.ts'
import { layoutKey, layoutOf } from './layout.ts'
import { GroupNode, IngressNode, MachineNode, ServiceNode } from './nodes.tsx'
import { TrafficEdge } from './traffic-edge.tsx'

const nodeTypes = { service: ServiceNode, 'group-box': GroupNode, ingress: IngressNode, machine: MachineNode }
const edgeTypes = { traffic: TrafficEdge }

export default function MapCanvas({ map, select, onClear }: { map: MapView; select: string | undefined; onClear: () => void }) {
  const phone = usePhone()
  const calm = useCalmMotion()
  const width = phone ? 700 : 1500
  const layout = useMemo(() => layoutOf(map, width), [layoutKey(map, width)])
  const { nodes, edges } = graphOf(map, layout, select, calm)
  return (
    <ReactFlow
      nodes={nodes}
      edges={edges}
      nodeTypes={nodeTypes as never}
      edgeTypes={edgeTypes as never}
      fitView
      fitViewOptions={{ padding: 0.06, maxZoom: 1.15 }}
      minZoom={0.2}
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
      aria-label="Map of apps, services and machines"
    >
      <Background variant={BackgroundVariant.Dots} gap={24} size={1} color="var(--rule)" />
      <Controls showInteractive={false} position="bottom-right" aria-label="Zoom of the map" />
    </ReactFlow>
  )
}
