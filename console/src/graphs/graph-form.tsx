import { Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { Graph } from '#contract/dashboards.ts'
import { Button, IconButton } from '../components/button.tsx'
import { Check, Input, Select } from '../components/field.tsx'
import { MetricFields, labelsOf } from '../components/metric-fields.tsx'
import { useSettled } from '../data/use-settled.ts'
import { type GraphText, type LineText, emptyGraph, emptyLine, graphOf, graphText, mostLines, scalesOf } from '../lib/graph-edit.ts'
import { compares } from '../lib/graph-range.ts'
import { GraphView, type Seen } from './graph-view.tsx'

type Props = { /** The graph that is changed; without, one is added. */ graph?: Graph; seen: Seen; onKeep: (graph: Graph) => void; onCancel: () => void }

/** A graph is up to four lines, each a metric, what of it, which labels tell lines apart, and which series; below it is drawn as it is typed. */
export function GraphForm({ graph: given, seen, onKeep, onCancel }: Props) {
  const [text, setText] = useState<GraphText>(() => (given === undefined ? emptyGraph : graphText(given)))
  const { graph, missing } = graphOf(text, seen.names)
  const settled = useSettled(graph)
  const setLine = (at: number, change: Partial<LineText>) => setText((before) => ({ ...before, lines: before.lines.with(at, { ...(before.lines[at] as LineText), ...change }) }))
  const warned = graph === null ? null : scalesOf(graph)
  return (
    <form
      aria-label={given === undefined ? 'Add a graph' : `Change ${given.title}`}
      className="min-w-0 space-y-6 rounded-lg border border-rule p-4"
      onSubmit={(event) => {
        event.preventDefault()
        if (graph !== null) onKeep(graph)
      }}
    >
      {text.lines.map((line, at) => (
        <LineFields key={at} nth={at + 1} line={line} seen={seen} onChange={(change) => setLine(at, change)} onRemove={text.lines.length === 1 ? undefined : () => setText({ ...text, lines: text.lines.toSpliced(at, 1) })} />
      ))}
      <GraphFields text={text} placeholder={graph?.title ?? ''} onChange={setText} />
      {warned === null ? null : <p className="text-sm text-soft">{warned}</p>}
      <div aria-live="polite">{missing === null ? null : <p className="text-soft">Not yet: {missing}.</p>}</div>
      {settled === null || graph === null ? null : <GraphView graph={settled} seen={seen} />}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" tone="main" whyNot={missing} onClick={() => {}}>
          {given === undefined ? 'Add the graph' : 'Keep the change'}
        </Button>
        <Button onClick={onCancel}>Cancel</Button>
      </div>
    </form>
  )
}

/** What is of the graph, not of one line. */
function GraphFields({ text, placeholder, onChange }: { text: GraphText; placeholder: string; onChange: (text: GraphText) => void }) {
  return (
    <div className="grid items-start gap-4 sm:grid-cols-2 lg:grid-cols-3">
      <div className="sm:pt-6">
        <Button whyNot={text.lines.length < mostLines ? null : `${mostLines} lines are the most`} onClick={() => onChange({ ...text, lines: [...text.lines, emptyLine] })}>
          <Plus size={15} aria-hidden />
          One more line
        </Button>
      </div>
      <Input label="Title" value={text.title} onChange={(event) => onChange({ ...text, title: event.target.value })} maxLength={80} placeholder={placeholder} />
      <Select label="Always beside it" value={text.compare} onChange={(event) => onChange({ ...text, compare: event.target.value as GraphText['compare'] })}>
        <option value="">nothing</option>
        {Object.entries(compares).map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </Select>
    </div>
  )
}

function LineFields({ nth, line, seen: { names }, onChange, onRemove }: { nth: number; line: LineText; seen: Seen; onChange: (change: Partial<LineText>) => void; onRemove: (() => void) | undefined }) {
  const labels = labelsOf(line.metric, names)
  return (
    <fieldset className="relative min-w-0">
      <legend className="mb-2 font-medium">Line {nth}</legend>
      {onRemove === undefined ? null : (
        <IconButton label={`Take line ${nth} away`} onClick={onRemove} className="absolute -top-1.5 right-0">
          <Trash2 size={15} aria-hidden />
        </IconButton>
      )}
      <div className="grid items-start gap-4 sm:grid-cols-2 lg:grid-cols-3">
        <MetricFields value={line} names={names} onChange={onChange}>
          <Input label="A line for each" value={line.by} onChange={(event) => onChange({ by: event.target.value })} placeholder={labels.slice(0, 2).join(', ')} hint={labels.length === 0 ? 'Labels with commas between; none: one line.' : `Labels: ${labels.join(', ')}. None: one line.`} />
        </MetricFields>
        <Input label="Named" value={line.name} onChange={(event) => onChange({ name: event.target.value })} maxLength={80} placeholder="limit" hint="Beside what its labels say." />
        <div className="space-y-3 sm:pt-6">
          <Check label="as a share" checked={line.share !== null} onChange={(isShare) => onChange({ share: isShare ? '' : null })} />
          {line.share === null ? null : <Input label="Of what" value={line.share} onChange={(event) => onChange({ share: event.target.value })} placeholder="app=shop" hint="The same metric where this holds; empty: all of it." />}
        </div>
      </div>
    </fieldset>
  )
}
