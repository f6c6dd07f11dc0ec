import { useState } from 'react'

type Option = { id: string; text: string; beside?: string | undefined }

/** Beyond so many they can be filtered. */
const many = 8

/** Some of a list, as boxes to tick. What is chosen stays in sight. */
export function Picker({ label, options, chosen, onChange }: { label: string; options: readonly Option[]; chosen: readonly string[]; onChange: (chosen: string[]) => void }) {
  const [filter, setFilter] = useState('')
  const shown = options.filter(({ id, text, beside = '' }) => chosen.includes(id) || `${text} ${beside}`.toLowerCase().includes(filter.toLowerCase()))
  return (
    <fieldset>
      <legend className="mb-1 text-sm text-soft">
        {label}
        {chosen.length === 0 ? '' : ` (${chosen.length})`}
      </legend>
      {options.length > many ? <input className="field mb-1" aria-label={`Filter: ${label}`} placeholder="filter" value={filter} onChange={(event) => setFilter(event.target.value)} autoComplete="off" spellCheck={false} /> : null}
      <div className="max-h-40 overflow-y-auto rounded-md border border-rule px-3 py-1.5">
        {shown.map(({ id, text, beside }) => (
          <label key={id} className="flex cursor-pointer items-baseline gap-2.5 py-1">
            <input type="checkbox" className="size-4 shrink-0 translate-y-0.5 accent-(--accent)" checked={chosen.includes(id)} onChange={(event) => onChange(event.target.checked ? [...chosen, id] : chosen.filter((one) => one !== id))} />
            <span className="min-w-0 break-words">{text}</span>
            {beside === undefined ? null : <span className="text-sm text-soft">{beside}</span>}
          </label>
        ))}
        {shown.length === 0 ? <p className="py-1 text-soft">Nothing is called so.</p> : null}
      </div>
    </fieldset>
  )
}
