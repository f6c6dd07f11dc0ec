import { ArrowDown, ArrowUp, Pencil, Trash2 } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { IconButton } from '../components/button.tsx'
import { Check } from '../components/field.tsx'
import { type Draft, moved, without } from '../lib/board-edit.ts'
import { lineWords } from '../lib/graph-edit.ts'
import { compares } from '../lib/graph-range.ts'

/** The graphs of a dashboard in their order. While one is open, the others stay where they are. */
export function GraphList({ draft, onChange, open, onOpen }: { draft: Draft; onChange: (draft: Draft) => void; open: number | null; onOpen: (at: number) => void }) {
  const list = useRef<HTMLOListElement>(null)
  /** Where the graph that was moved is drawn now: the focus goes with it, so that it can be moved on. */
  const goes = useRef<{ to: number; way: 'up' | 'down' } | null>(null)
  useEffect(() => {
    const { to, way } = goes.current ?? {}
    goes.current = null
    if (to !== undefined) list.current?.children[to]?.querySelector<HTMLElement>(`[aria-label^="Move "][aria-label$=" ${way}"]`)?.focus()
  }, [draft])
  const move = (at: number, by: 1 | -1) => {
    const next = moved(draft, at, by)
    if (next === draft) return
    goes.current = { to: at + by, way: by < 0 ? 'up' : 'down' }
    onChange(next)
  }
  if (draft.length === 0) return <p className="text-soft">No graphs yet; the first is made below.</p>
  const whyNot = open === null ? null : 'keep the open graph first, or cancel it'
  const unless = (work: () => void) => () => whyNot === null && work()
  return (
    <ol ref={list} aria-label="Graphs" className="divide-y divide-rule border-y border-rule">
      {draft.map(({ graph, newRow }, at) => (
        <li key={at} aria-current={open === at || undefined} className="flex flex-wrap items-center gap-x-4 gap-y-2 py-2.5 aria-[current]:bg-hover">
          <div className="min-w-0 flex-1 basis-60">
            <p className="font-medium break-words">{graph.title}</p>
            <p className="text-sm break-words text-soft">
              {graph.lines.map(lineWords).join(' · ')}
              {graph.compare === undefined ? '' : `, beside ${compares[graph.compare]}`}
            </p>
          </div>
          <span className="text-sm">
            <Check label="new row" checked={newRow || at === 0} disabled={at === 0} onChange={(checked) => onChange(draft.with(at, { graph, newRow: checked }))} />
          </span>
          <span className="flex">
            <IconButton label={`Change ${graph.title}`} whyNot={whyNot} onClick={unless(() => onOpen(at))}>
              <Pencil size={15} aria-hidden />
            </IconButton>
            <IconButton label={`Move ${graph.title} up`} whyNot={whyNot} onClick={unless(() => move(at, -1))}>
              <ArrowUp size={16} aria-hidden />
            </IconButton>
            <IconButton label={`Move ${graph.title} down`} whyNot={whyNot} onClick={unless(() => move(at, 1))}>
              <ArrowDown size={16} aria-hidden />
            </IconButton>
            <IconButton label={`Take ${graph.title} away`} whyNot={whyNot} onClick={unless(() => onChange(without(draft, at)))}>
              <Trash2 size={16} aria-hidden />
            </IconButton>
          </span>
        </li>
      ))}
    </ol>
  )
}
