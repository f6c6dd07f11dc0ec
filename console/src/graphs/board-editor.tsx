import { ArrowDown, ArrowUp, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { Dashboard } from '#contract/dashboards.ts'
import type { MetricName } from '#contract/metrics.ts'
import { Button, IconButton } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { Check, Input } from '../components/field.tsx'
import { Section } from '../components/page.tsx'
import { FormProblem } from '../components/problem.tsx'
import { useAction } from '../data/use-action.ts'
import { type Draft, draftOf, moved, rowsOf, without } from '../lib/board-edit.ts'
import { useGraphsFilter } from './filters.tsx'
import { GraphForm } from './graph-form.tsx'

const mostGraphs = 40

/** A dashboard while it is changed: nothing is kept until it is saved. */
export function BoardEditor({ board, names }: { board: Dashboard; names: readonly MetricName[] }) {
  const [title, setTitle] = useState(board.title)
  const [draft, setDraft] = useState<Draft>(() => draftOf(board))
  const [removing, setRemoving] = useState(false)
  const set = useGraphsFilter()
  const save = useAction('dashboards.save', { done: (saved) => `${saved.title} is saved.`, touches: ['dashboards'], quiet: true, onDone: () => set({ edit: undefined }) })
  const remove = useAction('dashboards.remove', { done: `${board.title} is removed.`, touches: ['dashboards'], onDone: () => set({ board: undefined, edit: undefined }) })
  const whyNot = title.trim() === '' ? 'type a title' : null
  return (
    <>
      <Section
        title="Change the dashboard"
        aside={
          <span className="flex flex-wrap gap-2">
            <Button size="sm" tone="danger" onClick={() => setRemoving(true)}>
              Remove it
            </Button>
            <Button size="sm" onClick={() => set({ edit: undefined })}>
              Cancel
            </Button>
            <Button size="sm" tone="main" busy={save.isPending} whyNot={whyNot} onClick={() => save.mutate({ params: { dashboard: board.id }, body: { title: title.trim(), app: board.app, rows: rowsOf(draft) } })}>
              Save
            </Button>
          </span>
        }
      >
        <Input label="Title of the dashboard" className="mb-5 max-w-100" value={title} maxLength={80} onChange={(event) => setTitle(event.target.value)} />
        <FormProblem error={save.error} />
        <GraphList draft={draft} onChange={setDraft} />
      </Section>
      <Section title="Add a graph">
        {draft.length >= mostGraphs ? <p className="text-soft">A dashboard with {mostGraphs} graphs is full.</p> : <GraphForm names={names} onAdd={(graph) => setDraft([...draft, { graph, newRow: draft.length % 2 === 0 }])} />}
      </Section>
      <Confirm
        open={removing} onOpenChange={setRemoving} title={`Remove ${board.title}?`} touches={['The dashboard, for everybody who uses it.']} leaves={['What it shows: metrics are kept as before.']}
        action="Remove it" tone="danger" busy={remove.isPending} onConfirm={() => remove.mutate({ params: { dashboard: board.id } })}
      />
    </>
  )
}

function GraphList({ draft, onChange }: { draft: Draft; onChange: (draft: Draft) => void }) {
  if (draft.length === 0) return <p className="text-soft">No graphs yet; add the first below.</p>
  return (
    <ol aria-label="Graphs" className="divide-y divide-rule border-y border-rule">
      {draft.map(({ graph, newRow }, at) => (
        <li key={at} className="flex flex-wrap items-center gap-x-4 gap-y-2 py-2.5">
          <Input label={`Title of graph ${at + 1}`} hideLabel className="w-60 max-sm:w-full" value={graph.title} maxLength={80} required onChange={(event) => onChange(draft.with(at, { newRow, graph: { ...graph, title: event.target.value } }))} />
          <span className="min-w-0 flex-1 basis-60 text-sm break-words text-soft">{graph.lines.map(({ metric, fn, by, where }) => `${fn} of ${metric}${by.length === 0 ? '' : ` by ${by.join(', ')}`}${where === '' ? '' : ` where ${where}`}`).join(' · ')}</span>
          <span className="text-sm">
            <Check label="new row" checked={newRow || at === 0} disabled={at === 0} onChange={(checked) => onChange(draft.with(at, { graph, newRow: checked }))} />
          </span>
          <span className="flex">
            <IconButton label={`Move ${graph.title} up`} onClick={() => onChange(moved(draft, at, -1))}>
              <ArrowUp size={16} aria-hidden />
            </IconButton>
            <IconButton label={`Move ${graph.title} down`} onClick={() => onChange(moved(draft, at, 1))}>
              <ArrowDown size={16} aria-hidden />
            </IconButton>
            <IconButton label={`Take ${graph.title} away`} onClick={() => onChange(without(draft, at))}>
              <Trash2 size={16} aria-hidden />
            </IconButton>
          </span>
        </li>
      ))}
    </ol>
  )
}
