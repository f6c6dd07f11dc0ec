import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes, useId } from 'react'

type Common = { label: string; hint?: ReactNode; hideLabel?: boolean | undefined; /** What is wrong with what stands in it. */ fault?: string | undefined }

/** Its label above and its hint below, joined to it by `id`. */
function Labelled({ id, label, hint, hideLabel = false, fault, className = '', children }: Common & { id: string; className?: string | undefined; children: ReactNode }) {
  return (
    <div className={className}>
      <label htmlFor={id} className={hideLabel ? 'sr-only' : 'mb-1 block text-sm text-soft'}>
        {label}
      </label>
      {children}
      {fault === undefined ? null : (
        <p id={faultId(id)} className="mt-1 text-sm break-words text-red">
          {fault}
        </p>
      )}
      {hint === undefined ? null : (
        <p id={hintId(id)} className="mt-1 text-sm text-soft">
          {hint}
        </p>
      )}
    </div>
  )
}

const faultId = (id: string) => `${id}-fault`
const hintId = (id: string) => `${id}-hint`
const described = (id: string, hint: ReactNode) => (hint === undefined ? undefined : hintId(id))
/** What is told to those who see neither red nor where it stands. */
const marked = (id: string, hint: ReactNode, fault: string | undefined) => (fault === undefined ? { 'aria-describedby': described(id, hint) } : { 'aria-invalid': true, 'aria-describedby': hint === undefined ? faultId(id) : `${faultId(id)} ${hintId(id)}` })

export function Input({ label, hint, hideLabel, fault, className, ...rest }: Common & InputHTMLAttributes<HTMLInputElement> & { ref?: React.Ref<HTMLInputElement> }) {
  const id = useId()
  return (
    <Labelled {...{ id, label, hint, hideLabel, fault, className }}>
      <input id={id} className="field" autoComplete="off" spellCheck={false} {...marked(id, hint, fault)} {...rest} />
    </Labelled>
  )
}

/** Lines of text: `rows` of them are seen at first. */
export function TextArea({ label, hint, hideLabel, fault, className, ...rest }: Common & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const id = useId()
  return (
    <Labelled {...{ id, label, hint, hideLabel, fault, className }}>
      <textarea id={id} className="field" spellCheck={false} {...marked(id, hint, fault)} {...rest} />
    </Labelled>
  )
}

/** A native select: right on phones, for keyboards and for screen readers. */
export function Select({ label, hint, hideLabel, fault, className, children, ...rest }: Common & SelectHTMLAttributes<HTMLSelectElement>) {
  const id = useId()
  return (
    <Labelled {...{ id, label, hint, hideLabel, fault, className }}>
      <select id={id} className="field pr-8" {...marked(id, hint, fault)} {...rest}>
        {children}
      </select>
    </Labelled>
  )
}

export function Check({ label, hint, checked, onChange, disabled = false }: { label: string; hint?: ReactNode; checked: boolean; onChange: (checked: boolean) => void; disabled?: boolean }) {
  const id = useId()
  return (
    <div className="flex gap-3">
      <input id={id} type="checkbox" className="mt-1 size-4 shrink-0 accent-(--accent)" checked={checked} disabled={disabled} onChange={(event) => onChange(event.target.checked)} aria-describedby={described(id, hint)} />
      <div>
        <label htmlFor={id}>{label}</label>
        {hint === undefined ? null : (
          <p id={hintId(id)} className="text-sm text-soft">
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
