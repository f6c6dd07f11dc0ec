import { type FormEvent, useState } from 'react'
import type { AppDetail } from '#contract/model.ts'
import { Dialog } from '../../components/dialog.tsx'
import { Input, Select } from '../../components/field.tsx'
import { FormEnd } from '../../components/form-end.tsx'
import { useAction } from '../../data/use-action.ts'

export function AddDomain({ app, onClose }: { app: AppDetail; onClose: () => void }) {
  const services = app.services.filter((service) => service.protocol === 'http').map((service) => service.name)
  const [host, setHost] = useState('')
  const [path, setPath] = useState('/')
  const [service, setService] = useState(services.includes('web') ? 'web' : (services[0] ?? 'web'))
  const [certificate, setCertificate] = useState('')
  const [key, setKey] = useState('')
  const add = useAction('domains.add', { touches: ['routes', 'app'], quiet: true, done: (route) => `${route.host} leads to ${route.service}`, onDone: onClose })
  const whyNot = host === '' ? 'type a host name' : (certificate === '') !== (key === '') ? 'a certificate and its key belong together' : null
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (whyNot !== null) return
    add.mutate({ params: { app: app.name }, query: { environment: app.environment }, body: { host, service, path, ...(certificate === '' ? {} : { certificatePem: certificate, keyPem: key }) } })
  }
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title="Add a domain" description="Point the domain’s DNS at this machine; requests for it then lead to the service.">
      <form onSubmit={submit} className="space-y-4">
        <Input label="Host" placeholder="shop.example.com" value={host} onChange={(event) => setHost(event.target.value.trim().toLowerCase())} autoFocus inputMode="url" />
        <div className="grid grid-cols-2 gap-4">
          <Select label="Service" value={service} onChange={(event) => setService(event.target.value)}>
            {services.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </Select>
          <Input label="Path" value={path} onChange={(event) => setPath(event.target.value)} hint="/ serves everything" />
        </div>
        <details>
          <summary className="cursor-pointer text-soft hover:text-ink">Own certificate, for https</summary>
          <div className="mt-3 space-y-3">
            <Pem label="Certificate chain (PEM)" value={certificate} onChange={setCertificate} />
            <Pem label="Private key (PEM); encrypted at rest, never shown again" value={key} onChange={setKey} />
          </div>
        </details>
        <FormEnd action="Add" whyNot={whyNot} attempt={add} onCancel={onClose} />
      </form>
    </Dialog>
  )
}

const Pem = ({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) => (
  <label className="block">
    <span className="mb-1 block text-sm text-soft">{label}</span>
    <textarea className="field mono text-xs" rows={4} value={value} onChange={(event) => onChange(event.target.value)} spellCheck={false} autoComplete="off" />
  </label>
)
