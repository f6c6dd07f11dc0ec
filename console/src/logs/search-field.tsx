import { useEffect, useState } from 'react'
import { Input } from '../components/field.tsx'

/** Goes into the address a moment after the last key. */
export function SearchField({ value, onChange, label }: { value: string | undefined; onChange: (value: string | undefined) => void; label: string }) {
  const [text, setText] = useState(value ?? '')
  useEffect(() => setText(value ?? ''), [value])
  useEffect(() => {
    if (text === (value ?? '')) return
    const timer = setTimeout(() => onChange(text === '' ? undefined : text), 250)
    return () => clearTimeout(timer)
  }, [text])
  return <Input type="search" label={label} hideLabel placeholder={`${label}  ( / )`} value={text} onChange={(event) => setText(event.target.value)} className="min-w-48 flex-1 max-sm:basis-full" maxLength={200} />
}
