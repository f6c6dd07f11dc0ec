import { type KeyboardEvent, type RefObject, useLayoutEffect, useRef, useState } from 'react'
import { type Completion, type Known, complete } from '../lib/log-search.ts'

export type Completing = {
  options: Completion['options']
  /** The one that Enter takes. */
  at: number
  take: (index: number) => void
  onKeyDown: (event: KeyboardEvent) => void
  /** The caret stands there after a key; null: the field was left. */
  moved: (caret: number | null) => void
}

/** What could stand where the caret is, and which of it is chosen. */
export function useCompletion(input: RefObject<HTMLInputElement | null>, [text, setText]: readonly [string, (text: string) => void], known: () => Known): Completing {
  const [caret, setCaret] = useState<number | null>(null)
  const [chosen, setChosen] = useState(0)
  /** Where the caret goes once a completion stands in the field. */
  const placed = useRef<number | null>(null)
  const completion = caret === null ? null : complete(text, caret, known())
  const options = completion?.options ?? []
  const at = Math.min(chosen, options.length - 1)
  const take = (index: number) => {
    const option = options[index]
    if (completion === null || option === undefined) return
    const end = completion.from + option.insert.length
    setText(text.slice(0, completion.from) + option.insert + text.slice(completion.to))
    setChosen(0)
    setCaret(end)
    placed.current = end
  }
  // before the next key comes: a frame later it would take the caret away from what was typed meanwhile
  useLayoutEffect(() => {
    if (placed.current !== null) input.current?.setSelectionRange(placed.current, placed.current)
    placed.current = null
  }, [text])
  const onKeyDown = (event: KeyboardEvent) => {
    if (options.length === 0) return
    if (event.key === 'Escape') setCaret(null)
    else if (event.key === 'ArrowDown') setChosen((at + 1) % options.length)
    else if (event.key === 'ArrowUp') setChosen((at + options.length - 1) % options.length)
    else if (event.key === 'Enter' || event.key === 'Tab') take(at)
    else return
    event.preventDefault()
  }
  const moved = (to: number | null) => {
    setCaret(to)
    if (to !== null) setChosen(0)
  }
  return { options, at, take, onKeyDown, moved }
}
