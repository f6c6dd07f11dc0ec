import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { Button } from '../components/button.tsx'
import { CopyButton } from '../components/copy.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Input, Select } from '../components/field.tsx'
import { FormEnd } from '../components/form-end.tsx'
import { queries } from '../data/queries.ts'
import { useAction } from '../data/use-action.ts'

const scopes = [
  { value: 'deploy', text: 'deploy: read, deploy, change config' },
  { value: 'read', text: 'read: see everything but secrets' },
  { value: 'admin', text: 'admin: all of it, tokens included' },
] as const

export function NewToken({ onClose }: { onClose: () => void }) {
  const apps = useQuery(queries.apps()).data ?? []
  const [name, setName] = useState('')
  const [scope, setScope] = useState<(typeof scopes)[number]['value']>('deploy')
  const [app, setApp] = useState('')
  const [days, setDays] = useState('365')
  const make = useAction('tokens.create', { touches: ['tokens'], quiet: true })
  const whyNot = name.trim() === '' ? 'give it a name' : null
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (whyNot === null) make.mutate({ body: { name: name.trim(), scope, ...(app === '' ? {} : { apps: [app] }), ...(days === '' ? {} : { expiresInDays: Number(days) }) } })
  }
  if (make.data !== undefined)
    return (
      <Dialog open onOpenChange={(open) => !open && onClose()} title={`Token “${make.data.name}”`} description="Copy it now: it is shown this once and stored only as a hash.">
        <p className="flex items-center gap-1 rounded-md border border-accent bg-accent-wash py-1 pl-3 pr-1">
          <code className="min-w-0 flex-1 break-all">{make.data.secret}</code>
          <CopyButton text={make.data.secret} label="Copy the token" />
        </p>
        <div className="mt-5 flex justify-end">
          <Button tone="main" onClick={onClose}>
            I have it
          </Button>
        </div>
      </Dialog>
    )
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title="Make a token" description="It lets a program in without a person. Give it the least it needs.">
      <form onSubmit={submit} className="space-y-4">
        <Input label="Name" placeholder="ci of shop" value={name} onChange={(event) => setName(event.target.value)} maxLength={60} autoFocus />
        <Select label="It may" value={scope} onChange={(event) => setScope(event.target.value as typeof scope)}>
          {scopes.map((one) => (
            <option key={one.value} value={one.value}>
              {one.text}
            </option>
          ))}
        </Select>
        <div className="grid grid-cols-2 gap-4">
          <Select label="Of" value={app} onChange={(event) => setApp(event.target.value)}>
            <option value="">all apps</option>
            {[...new Set(apps.map((one) => one.name))].map((one) => (
              <option key={one}>{one}</option>
            ))}
          </Select>
          <Select label="For" value={days} onChange={(event) => setDays(event.target.value)}>
            <option value="30">30 days</option>
            <option value="365">a year</option>
            <option value="">ever</option>
          </Select>
        </div>
        <FormEnd action="Make it" whyNot={whyNot} attempt={make} onCancel={onClose} />
      </form>
    </Dialog>
  )
}
