import { Check, Input, Select, TextArea } from '../components/field.tsx'
import type { FormField } from '../lib/check-words.ts'

type Props = { field: FormField; value: string; onChange: (value: string) => void; /** It is set, and stays where nothing is typed, unless it is taken away. */ /** What is wrong with it. */ fault: string | undefined; sealed?: { cleared: boolean; onClear: (cleared: boolean) => void } | undefined }

/** One field of a kind, as its schema says. */
export function CheckField({ field, value, onChange, fault, sealed }: Props) {
  const { name, hint, input, options, usual, required } = field
  if (input === 'switch') return <Check label={name} hint={hint} checked={(value || usual) === 'true'} onChange={(checked) => onChange(String(checked))} />
  if (input === 'choice')
    return (
      <Select label={name} fault={fault} value={value || usual} onChange={(event) => onChange(event.target.value)}>
        {options.map((option) => (
          <option key={option}>{option}</option>
        ))}
      </Select>
    )
  if (input === 'list' || input === 'map') return <TextArea label={name} rows={2} fault={fault} hint={`${hint} One a line${input === 'map' ? ', as name: value' : ''}.`} value={value} onChange={(event) => onChange(event.target.value)} />
  const typed = (
    <Input
      label={required ? `${name} (required)` : name}
      hint={hint}
      fault={fault}
      type={input === 'number' ? 'number' : input === 'secret' ? 'password' : 'text'}
      required={required && sealed === undefined}
      disabled={sealed?.cleared === true}
      value={value}
      placeholder={sealed === undefined ? usual : sealed.cleared ? 'taken away when saved' : 'sealed; it stays unless another is typed'}
      onChange={(event) => onChange(event.target.value)}
    />
  )
  if (sealed === undefined || required) return typed
  return (
    <div className="grid gap-2">
      {typed}
      <Check label={`Take ${name} away`} checked={sealed.cleared} onChange={sealed.onClear} />
    </div>
  )
}
