import { messageOf } from '#base/errors.ts'
import { useTextInAddress } from '../lib/use-text-in-address.ts'
import { Input } from './field.tsx'

/** A filter in the query language over machines and services; goes into the address a moment after the last key. */
export function SelectorField({ value, onChange, label, error }: { value: string | undefined; onChange: (value: string | undefined) => void; label: string; error: unknown }) {
  const [text, setText] = useTextInAddress(value, onChange)
  return (
    <div role="search" aria-label={label} className="mb-4 max-w-160">
      <Input type="search" label={label} hideLabel className="font-mono text-sm" placeholder="app:shop tag:db -node:test*" value={text} onChange={(event) => setText(event.target.value)} maxLength={1000} aria-invalid={error !== null} />
      {error === null || value === undefined ? null : (
        <p role="alert" className="mt-1 text-sm text-red">
          {messageOf(error)}
        </p>
      )}
    </div>
  )
}
