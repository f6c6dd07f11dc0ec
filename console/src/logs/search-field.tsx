import { useId, useRef } from 'react'
import { type FieldFault } from '#base/errors.ts'
import { Input } from '../components/field.tsx'
import type { Known } from '../lib/log-search.ts'
import { useTextInAddress } from '../lib/use-text-in-address.ts'
import { type Completing, useCompletion } from './use-completion.ts'

type Props = { value: string | undefined; onChange: (value: string | undefined) => void; label: string; known: () => Known; fault: FieldFault | null }

/** The search: completed while it is written, in the address a moment after the last key, its fault shown where it is. */
export function SearchField({ value, onChange, label, known, fault }: Props) {
  const [text, setText] = useTextInAddress(value, onChange)
  const input = useRef<HTMLInputElement>(null)
  const completion = useCompletion(input, [text, setText], known)
  const id = useId()
  const isOpen = completion.options.length > 0
  return (
    <div className="relative min-w-60 flex-1 max-sm:basis-full">
      <Input
        ref={input}
        type="search"
        role="combobox"
        aria-expanded={isOpen}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={isOpen ? `${id}-${completion.at}` : undefined}
        aria-invalid={fault !== null}
        aria-errormessage={fault === null ? undefined : `${id}-fault`}
        label={label}
        hideLabel
        placeholder={`${label}: level>=warn -healthcheck "timed out"  ( / )`}
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          completion.moved(event.target.selectionStart)
        }}
        onKeyDown={completion.onKeyDown}
        onBlur={() => completion.moved(null)}
        className="[&_input]:font-mono"
        maxLength={1000}
      />
      <Options id={id} {...completion} />
      {fault === null ? null : <Fault id={`${id}-fault`} search={value ?? ''} fault={fault} />}
    </div>
  )
}

function Options({ id, options, at, take }: { id: string } & Pick<Completing, 'options' | 'at' | 'take'>) {
  return (
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
