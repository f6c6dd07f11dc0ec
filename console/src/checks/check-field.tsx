import { Check, Input, Select, TextArea } from '../components/field.tsx'
import type { FormField } from '../lib/check-words.ts'

/** One field of a kind, as its schema says. */
export function CheckField({ field, value, onChange, isSealed = false }: { field: FormField; value: string; onChange: (value: string) => void; /** It is set, and stays where nothing is typed. */ isSealed?: boolean }) {
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
  if (input === 'list' || input === 'map') return <TextArea label={name} rows={2} hint={`${hint} One a line${input === 'map' ? ', as name: value' : ''}.`} value={value} onChange={(event) => onChange(event.target.value)} />
  return <Input label={required ? `${name} (required)` : name} hint={hint} type={input === 'number' ? 'number' : input === 'secret' ? 'password' : 'text'} required={required && !isSealed} value={value} placeholder={isSealed ? 'sealed; it stays unless another is typed' : usual} onChange={(event) => onChange(event.target.value)} />
}
