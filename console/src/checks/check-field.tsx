import { useId } from 'react'
import { Check, Input, Select } from '../components/field.tsx'
import type { FormField } from '../lib/check-words.ts'

/** One field of a kind, as its schema says. */
export function CheckField({ field, value, onChange }: { field: FormField; value: string; onChange: (value: string) => void }) {
  const { name, hint, input, options, usual, required } = field
  if (input === 'switch') return <Check label={name} hint={hint} checked={(value || usual) === 'true'} onChange={(checked) => onChange(String(checked))} />
  if (input === 'choice')
    return (
      <Select label={name} value={value || usual} onChange={(event) => onChange(event.target.value)}>
        {options.map((option) => (
          <option key={option}>{option}</option>
        ))}
      </Select>
    )
  if (input === 'list' || input === 'map') return <Lines label={name} hint={`${hint} One a line${input === 'map' ? ', as name: value' : ''}.`} value={value} onChange={onChange} />
  return <Input label={required ? `${name} (required)` : name} hint={hint} type={input === 'number' ? 'number' : input === 'secret' ? 'password' : 'text'} required={required} value={value} placeholder={usual} onChange={(event) => onChange(event.target.value)} />
}

function Lines({ label, hint, value, onChange }: { label: string; hint: string; value: string; onChange: (value: string) => void }) {
  const id = useId()
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-sm text-soft">
        {label}
      </label>
      <textarea id={id} rows={2} className="field" spellCheck={false} value={value} onChange={(event) => onChange(event.target.value)} aria-describedby={`${id}-hint`} />
      <p id={`${id}-hint`} className="mt-1 text-sm text-soft">
        {hint}
      </p>
    </div>
  )
}
