import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes, useId } from 'react'

type Common = { label: string; hint?: ReactNode; hideLabel?: boolean }

export function Input({ label, hint, hideLabel = false, className = '', ...rest }: Common & InputHTMLAttributes<HTMLInputElement> & { ref?: React.Ref<HTMLInputElement> }) {
  const id = useId()
  return (
    <div className={className}>
      <label htmlFor={id} className={hideLabel ? 'sr-only' : 'mb-1 block text-sm text-soft'}>
        {label}
      </label>
      <input id={id} className="field" autoComplete="off" spellCheck={false} aria-describedby={hint === undefined ? undefined : `${id}-hint`} {...rest} />
      {hint === undefined ? null : (
        <p id={`${id}-hint`} className="mt-1 text-sm text-soft">
          {hint}
        </p>
      )}
    </div>
  )
}

/** Lines of text: `rows` of them are seen at first. */
export function TextArea({ label, hint, hideLabel = false, className = '', ...rest }: Common & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const id = useId()
  return (
    <div className={className}>
      <label htmlFor={id} className={hideLabel ? 'sr-only' : 'mb-1 block text-sm text-soft'}>
        {label}
      </label>
      <textarea id={id} className="field" spellCheck={false} aria-describedby={hint === undefined ? undefined : `${id}-hint`} {...rest} />
      {hint === undefined ? null : (
        <p id={`${id}-hint`} className="mt-1 text-sm text-soft">
          {hint}
        </p>
      )}
    </div>
  )
}

/** A native select: right on phones, for keyboards and for screen readers. */
export function Select({ label, hint, hideLabel = false, className = '', children, ...rest }: Common & SelectHTMLAttributes<HTMLSelectElement>) {
  const id = useId()
  return (
    <div className={className}>
      <label htmlFor={id} className={hideLabel ? 'sr-only' : 'mb-1 block text-sm text-soft'}>
        {label}
      </label>
      <select id={id} className="field pr-8" aria-describedby={hint === undefined ? undefined : `${id}-hint`} {...rest}>
        {children}
      </select>
      {hint === undefined ? null : (
        <p id={`${id}-hint`} className="mt-1 text-sm text-soft">
          {hint}
        </p>
      )}
    </div>
  )
}

export function Check({ label, hint, checked, onChange, disabled = false }: { label: string; hint?: ReactNode; checked: boolean; onChange: (checked: boolean) => void; disabled?: boolean }) {
  const id = useId()
  return (
    <div className="flex gap-3">
      <input id={id} type="checkbox" className="mt-1 size-4 shrink-0 accent-(--accent)" checked={checked} disabled={disabled} onChange={(event) => onChange(event.target.checked)} aria-describedby={hint === undefined ? undefined : `${id}-hint`} />
      <div>
        <label htmlFor={id}>{label}</label>
        {hint === undefined ? null : (
          <p id={`${id}-hint`} className="text-sm text-soft">
            {hint}
          </p>
        )}
      </div>
    </div>
  )
}

/** A choice among few, as buttons in a row. */
export function Choice<T extends string>({ label, value, options, onChange }: { label: string; value: T; options: readonly { value: T; text: string }[]; onChange: (value: T) => void }) {
  return (
    <fieldset className="inline-flex rounded-md border border-rule-strong bg-sheet p-0.5">
      <legend className="sr-only">{label}</legend>
      {options.map((one) => (
        <label key={one.value} className="relative cursor-pointer rounded-[4px] px-2.5 py-1 text-sm text-soft has-checked:bg-accent-wash has-checked:text-ink has-focus-visible:outline-2 has-focus-visible:outline-accent hover:text-ink">
          <input type="radio" className="absolute inset-0 opacity-0" checked={one.value === value} onChange={() => onChange(one.value)} />
          {one.text}
        </label>
      ))}
    </fieldset>
  )
}
