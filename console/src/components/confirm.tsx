import { type ReactNode, useState } from 'react'
import { Button, type Tone } from './button.tsx'
import { Dialog } from './dialog.tsx'

type Props = {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: string
  /** The blast radius: what it touches, then what it leaves alone. */
  touches: readonly ReactNode[]
  leaves: readonly ReactNode[]
  children?: ReactNode
  action: string
  tone?: Tone
  busy?: boolean
  onConfirm: () => void
  /** A word that must be typed first. */
  typed?: string
}

/** Before anything dangerous: what it touches, what it leaves alone, then the button. */
export function Confirm({ open, onOpenChange, title, touches, leaves, children, action, tone = 'main', busy = false, onConfirm, typed }: Props) {
  const [word, setWord] = useState('')
  const missing = typed !== undefined && word !== typed ? `type ${typed} first` : null
  const change = (next: boolean) => {
    setWord('')
    onOpenChange(next)
  }
  return (
    <Dialog open={open} onOpenChange={change} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (missing === null && !busy) onConfirm()
        }}
      >
        <Radius title="What it touches" items={touches} mark="●" tone={tone === 'danger' ? 'text-red' : 'text-amber'} />
        <Radius title="What it leaves alone" items={leaves} mark="○" tone="text-soft" />
        {children}
        {typed === undefined ? null : (
          <label className="mb-4 block">
            <span className="mb-1.5 block text-sm">
              Type <code className="font-semibold">{typed}</code> to confirm
            </span>
            <input className="field mono" value={word} onChange={(event) => setWord(event.target.value)} autoComplete="off" autoCapitalize="off" spellCheck={false} />
          </label>
        )}
        <div className="mt-6 flex flex-wrap justify-end gap-2">
          <Button onClick={() => change(false)}>Cancel</Button>
          <Button type="submit" tone={tone} busy={busy} whyNot={missing} onClick={() => {}}>
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function Radius({ title, items, mark, tone }: { title: string; items: readonly ReactNode[]; mark: string; tone: string }) {
  if (items.length === 0) return null
  return (
    <section className="mb-4">
      <h3 className="mb-1 font-sans text-sm text-soft">{title}</h3>
      <ul className="space-y-1">
        {items.map((item, index) => (
          <li key={index} className="flex gap-2.5">
            <span aria-hidden="true" className={`${tone} text-xs leading-[22px]`}>
              {mark}
            </span>
            <span className="min-w-0">{item}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
