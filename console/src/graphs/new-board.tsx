import { useState } from 'react'
import type { DashboardSpec } from '#contract/dashboards.ts'
import { Button } from '../components/button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Check, Input } from '../components/field.tsx'
import { FormProblem } from '../components/problem.tsx'
import { useAction } from '../data/use-action.ts'
import { boardId } from '../lib/board-edit.ts'
import { useGraphsFilter } from './filters.tsx'

/** Makes a dashboard, empty or with what is shown now, and opens it to be changed. */
export function NewBoard({ taken, from, whyNot }: { taken: readonly string[]; from: DashboardSpec | undefined; whyNot: string | null }) {
  const [open, setOpen] = useState(false)
  const [title, setTitle] = useState('')
  const [copies, setCopies] = useState(false)
  const set = useGraphsFilter()
  const save = useAction('dashboards.save', {
    done: (made) => `${made.title} is made.`, touches: ['dashboards'], quiet: true,
    onDone: (made) => {
      setOpen(false)
      setTitle('')
      set({ board: made.id, edit: 'yes' })
    },
  })
  return (
    <>
      <Button whyNot={whyNot} onClick={() => setOpen(true)}>
        New dashboard
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title="New dashboard">
        <form
          className="space-y-4"
          onSubmit={(event) => {
            event.preventDefault()
            save.mutate({ params: { dashboard: boardId(title, taken) }, body: { title: title.trim(), app: copies ? (from?.app ?? null) : null, rows: copies ? (from?.rows ?? []) : [] } })
          }}
        >
          <Input label="Title" value={title} onChange={(event) => setTitle(event.target.value)} maxLength={80} required placeholder="Checkout" />
          <Check label={`Begin with the graphs of ${from?.title ?? 'what is shown'}`} checked={copies} onChange={setCopies} disabled={from === undefined} />
          <FormProblem error={save.error} />
          <div className="flex justify-end">
            <Button type="submit" tone="main" busy={save.isPending} whyNot={title.trim() === '' ? 'type a title' : null} onClick={() => {}}>
              Make it
            </Button>
          </div>
        </form>
      </Dialog>
    </>
  )
}
