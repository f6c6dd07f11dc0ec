import { useId, useLayoutEffect, useRef, useState } from 'react'
import { type FieldFault } from '#base/errors.ts'
import { Input } from '../components/field.tsx'
import { type Known, complete } from '../lib/log-search.ts'
import { useTextInAddress } from '../lib/use-text-in-address.ts'

type Props = { value: string | undefined; onChange: (value: string | undefined) => void; label: string; known: () => Known; fault: FieldFault | null }

/** The search: completed while it is written, in the address a moment after the last key, its fault shown where it is. */
export function SearchField({ value, onChange, label, known, fault }: Props) {
  const [text, setText] = useTextInAddress(value, onChange)
  const [caret, setCaret] = useState<number | null>(null)
  const [chosen, setChosen] = useState(0)
  const input = useRef<HTMLInputElement>(null)
  /** Where the caret goes once a completion stands in the field. */
  const placed = useRef<number | null>(null)
  const id = useId()
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
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (options.length === 0) return
    if (event.key === 'Escape') setCaret(null)
    else if (event.key === 'ArrowDown') setChosen((at + 1) % options.length)
    else if (event.key === 'ArrowUp') setChosen((at + options.length - 1) % options.length)
    else if (event.key === 'Enter' || event.key === 'Tab') take(at)
    else return
    event.preventDefault()
  }
  return (
    <div className="relative min-w-60 flex-1 max-sm:basis-full">
      <Input
        ref={input}
        type="search"
        role="combobox"
        aria-expanded={options.length > 0}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={options.length > 0 ? `${id}-${at}` : undefined}
        aria-invalid={fault !== null}
        aria-errormessage={fault === null ? undefined : `${id}-fault`}
        label={label}
        hideLabel
        placeholder={`${label}: level>=warn -healthcheck "timed out"  ( / )`}
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          setCaret(event.target.selectionStart)
          setChosen(0)
        }}
        onKeyDown={onKeyDown}
        onBlur={() => setCaret(null)}
        className="[&_input]:font-mono"
        maxLength={1000}
      />
      <ul id={`${id}-list`} role="listbox" aria-label="Completions" hidden={options.length === 0} className="absolute left-0 top-full z-30 mt-1 max-h-80 min-w-60 overflow-y-auto rounded-md border border-rule-strong bg-sheet py-1 shadow-float">
        {options.map((option, index) => (
          <li
            key={option.insert}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === at}
            className={`flex cursor-pointer justify-between gap-6 px-3 py-1 font-mono text-[13px] ${index === at ? 'bg-accent-wash' : 'hover:bg-hover'}`}
            onPointerDown={(event) => {
              event.preventDefault() // the field keeps the focus
              take(index)
            }}
          >
            {option.insert.trim()}
            <span className="font-sans text-sm text-soft">{option.about}</span>
          </li>
        ))}
      </ul>
      {fault === null ? null : <Fault id={`${id}-fault`} search={value ?? ''} fault={fault} />}
    </div>
  )
}

/** The search again with the place marked, and what to write instead. */
function Fault({ id, search, fault }: { id: string; search: string; fault: FieldFault }) {
  const at = Math.max(0, Math.min(search.length, (fault.column ?? 1) - 1))
  return (
    <p id={id} role="alert" className="mt-1 text-sm text-red">
      <code aria-hidden="true" className="mr-2 rounded-sm bg-well px-1 break-all">
        {search.slice(Math.max(0, at - 20), at)}
        <u className="decoration-wavy underline-offset-3">{search.slice(at, at + 8) || '␣'}</u>
        {search.slice(at + 8, at + 20)}
      </code>
      {fault.message}
    </p>
  )
}
