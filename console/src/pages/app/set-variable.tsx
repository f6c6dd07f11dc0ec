import { type FormEvent, useState } from 'react'
import { Dialog } from '../../components/dialog.tsx'
import { Input } from '../../components/field.tsx'
import { FormEnd } from '../../components/form-end.tsx'
import type { AppRef } from '../../data/queries.ts'
import { useAction } from '../../data/use-action.ts'

const nameGrammar = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/

export function SetVariable({ kind, of, name: known, value: before, onClose }: { kind: 'config' | 'secret'; of: AppRef; name: string; value: string; onClose: () => void }) {
  const [name, setName] = useState(known)
  const [value, setValue] = useState(before)
  const isNew = known === ''
  const change = useAction(kind === 'config' ? 'config.change' : 'secrets.change', {
    touches: ['config', 'releases', 'app'],
    quiet: true,
    done: (answer) => (answer === null ? `${name} is set; it is used from the first release on` : `${name} is set; v${answer.release} is rolled out with it`),
    onDone: onClose,
  })
  const whyNot = !nameGrammar.test(name) ? 'a name is letters, digits and _, and does not start with a digit' : !isNew && kind === 'config' && value === before ? 'nothing has changed' : null
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (whyNot === null) change.mutate({ params: { app: of.app }, query: { environment: of.env }, body: { [name]: value } })
  }
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title={isNew ? (kind === 'config' ? 'Set a variable' : 'Set a secret') : `Change ${known}`} description={kind === 'secret' ? 'It is encrypted before it is stored, given to services that name it, and never shown again. Setting it makes a release.' : 'Every service gets it in its environment. Setting it makes a release.'}>
      <form onSubmit={submit} className="space-y-4">
        {isNew ? <Input label="Name" value={name} onChange={(event) => setName(event.target.value.trim())} placeholder="STRIPE_KEY" autoCapitalize="characters" className="[&_input]:font-mono" autoFocus /> : null}
        {kind === 'secret' ? <Input label="Value" type="password" autoComplete="new-password" value={value} onChange={(event) => setValue(event.target.value)} className="[&_input]:font-mono" /> : <Area value={value} onChange={setValue} />}
        <FormEnd action="Set and release" whyNot={whyNot} attempt={change} onCancel={onClose} />
      </form>
    </Dialog>
  )
}

const Area = ({ value, onChange }: { value: string; onChange: (value: string) => void }) => (
  <label className="block">
    <span className="mb-1 block text-sm text-soft">Value</span>
    <textarea className="field mono min-h-20" rows={3} value={value} onChange={(event) => onChange(event.target.value)} spellCheck={false} />
  </label>
)
