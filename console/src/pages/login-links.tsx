import { type FormEvent, useState } from 'react'
import { Ago } from '../components/ago.tsx'
import { Button } from '../components/button.tsx'
import { Command, CopyButton } from '../components/copy.tsx'
import { Input } from '../components/field.tsx'
import { useAction } from '../data/use-action.ts'
import { useSession } from '../data/use-session.ts'
import { commands } from '../lib/commands.ts'

/** A one-time link that opens the console for a colleague. */
export function LoginLinks() {
  const { access } = useSession()
  const [name, setName] = useState('')
  const make = useAction('login.link', { touches: [] })
  const whyNot = access !== 'admin' ? `needs admin access, this session has ${access}` : name.trim() === '' ? 'say who it is for' : null
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (whyNot === null) make.mutate({ body: { name: name.trim() } })
  }
  return (
    <div className="max-w-160">
      <form onSubmit={submit} className="flex flex-wrap items-end gap-2">
        <Input label="For whom" value={name} onChange={(event) => setName(event.target.value)} maxLength={60} className="flex-1" />
        <Button type="submit" busy={make.isPending} whyNot={whyNot} onClick={() => {}}>
          Make a login link
        </Button>
      </form>
      {make.data === undefined ? (
        <div className="mt-3">
          <p className="mb-1.5 text-sm text-soft">Or on a machine that may:</p>
          <Command>{commands.loginLink}</Command>
        </div>
      ) : (
        <div role="status" className="mt-3 rounded-lg border border-accent bg-accent-wash px-4 py-3">
          <p className="flex items-center gap-1">
            <code className="min-w-0 break-all">{make.data.url}</code>
            <CopyButton text={make.data.url} label="Copy the link" />
          </p>
          <p className="text-sm text-soft">
            It opens the console once, and expires <Ago at={make.data.expiresAt} />.
          </p>
        </div>
      )}
    </div>
  )
}
