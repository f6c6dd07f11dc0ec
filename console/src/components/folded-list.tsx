import { type ReactNode, useState } from 'react'
import { Button } from './button.tsx'

/** The first few of many, and a button that shows the others. What needs a look stands first, so what is folded does not. */
export function FoldedList<T>({ items, most, others, children }: { items: readonly T[]; most: number; /** What the others are: `more, all healthy`. */ others: (rest: readonly T[]) => string; children: (shown: readonly T[]) => ReactNode }) {
  const [open, setOpen] = useState(false)
  // a few more are not worth a button
  const isFolded = !open && items.length > most * 1.25
  return (
    <>
      {children(isFolded ? items.slice(0, most) : items)}
      {isFolded ? (
        <Button className="mt-4" onClick={() => setOpen(true)}>
          {others(items.slice(most))}
        </Button>
      ) : null}
    </>
  )
}
