import { useEffect, useRef, useState } from 'react'
import type { Dashboard, Graph } from '#contract/dashboards.ts'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { Input } from '../components/field.tsx'
import { Section } from '../components/page.tsx'
import { FormProblem } from '../components/problem.tsx'
import { useAction } from '../data/use-action.ts'
import { type Draft, draftOf, rowsOf } from '../lib/board-edit.ts'
import { useGraphsFilter } from './filters.tsx'
import { GraphForm } from './graph-form.tsx'
import { GraphList } from './graph-list.tsx'
import type { Seen } from './graph-view.tsx'

const mostGraphs = 40

/** A dashboard while it is changed: nothing is kept until it is saved. `seen`: how its graphs are drawn meanwhile. */
export function BoardEditor({ board, seen, whyNot }: { board: Dashboard; seen: Seen; whyNot: string | null }) {
  const [title, setTitle] = useState(board.title)
  const [draft, setDraft] = useState<Draft>(() => draftOf(board))
  /** Which graph is open; an empty dashboard begins with the first. */
  const [open, setOpen] = useState<number | 'new' | null>(board.rows.length === 0 ? 'new' : null)
  const below = useRef<HTMLDivElement>(null)
  const wasOpen = useRef(open)
  const hadGraphs = useRef(draft.length)
  // what had the focus went with the form, or the graph: it goes to what is there in its place
  useEffect(() => {
    if (wasOpen.current !== open || draft.length < hadGraphs.current) (below.current?.querySelector('input') ?? below.current?.querySelector('button'))?.focus()
    wasOpen.current = open
    hadGraphs.current = draft.length
  }, [open, draft.length])
  const set = useGraphsFilter()
  const save = useAction('dashboards.save', { done: (saved) => `${saved.title} is saved.`, touches: ['dashboards'], quiet: true, onDone: () => set({ edit: undefined }) })
  const blocked = whyNot ?? (title.trim() === '' ? 'type a title' : open === null ? null : 'a graph is open: keep it, or cancel it')
  const changed = typeof open === 'number' ? draft[open] : undefined
  const keep = (graph: Graph) => {
    setDraft(typeof open === 'number' && changed !== undefined ? draft.with(open, { ...changed, graph }) : [...draft, { graph, newRow: draft.length % 2 === 0 }])
    setOpen(null)
  }
  return (
    <>
      <Section
        title="Change the dashboard"
        aside={
          <span className="flex flex-wrap gap-2">
            <RemoveBoard board={board} whyNot={whyNot} onRemoved={() => set({ board: undefined, edit: undefined })} />
            <Button size="sm" onClick={() => set({ edit: undefined })}>
              Cancel
            </Button>
            <Button size="sm" tone="main" busy={save.isPending} whyNot={blocked} onClick={() => save.mutate({ params: { dashboard: board.id }, body: { title: title.trim(), app: board.app, rows: rowsOf(draft) } })}>
              Save
            </Button>
          </span>
        }
      >
        <Input label="Title of the dashboard" className="mb-5 max-w-100" value={title} maxLength={80} onChange={(event) => setTitle(event.target.value)} />
        <FormProblem error={save.error} />
        <GraphList draft={draft} onChange={setDraft} open={typeof open === 'number' ? open : null} onOpen={setOpen} />
      </Section>
      <div ref={below}>
        {open === null ? (
          <div className="mb-(--section)">
            <Button whyNot={draft.length >= mostGraphs ? `a dashboard with ${mostGraphs} graphs is full` : null} onClick={() => setOpen('new')}>
              Add a graph
            </Button>
          </div>
        ) : (
          <Section title={changed === undefined ? 'Add a graph' : `Change ${changed.graph.title}`}>
            <GraphForm key={open} seen={seen} {...(changed === undefined ? {} : { graph: changed.graph })} onCancel={() => setOpen(null)} onKeep={keep} />
          </Section>
        )}
      </div>
    </>
  )
}

function RemoveBoard({ board, whyNot, onRemoved }: { board: Dashboard; whyNot: string | null; onRemoved: () => void }) {
  const [asked, setAsked] = useState(false)
  const remove = useAction('dashboards.remove', { done: `${board.title} is removed.`, touches: ['dashboards'], onDone: onRemoved })
  return (
    <>
      <Button size="sm" tone="danger" whyNot={whyNot} onClick={() => setAsked(true)}>
        Remove it
      </Button>
      <Confirm
        open={asked} onOpenChange={setAsked} title={`Remove ${board.title}?`} touches={['The dashboard, for everybody who uses it.']} leaves={['What it shows: metrics are kept as before.']}
        action="Remove it" tone="danger" busy={remove.isPending} onConfirm={() => remove.mutate({ params: { dashboard: board.id } })}
      />
    </>
  )
}
