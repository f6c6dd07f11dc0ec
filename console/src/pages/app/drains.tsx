import { useQuery } from '@tanstack/react-query'
import { Trash2 } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import type { Drain } from '#contract/drains.ts'
import type { AppDetail } from '#contract/model.ts'
import { Ago } from '../../components/ago.tsx'
import { Answer } from '../../components/answer.tsx'
import { Button, IconButton } from '../../components/button.tsx'
import { Confirm } from '../../components/confirm.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Input } from '../../components/field.tsx'
import { FormEnd } from '../../components/form-end.tsx'
import { Section } from '../../components/page.tsx'
import { Tag } from '../../components/tag.tsx'
import { notices } from '../../data/notices.ts'
import { queries } from '../../data/queries.ts'
import { useAction } from '../../data/use-action.ts'
import { useSession } from '../../data/use-session.ts'
import { formatCount } from '../../lib/numbers.ts'

const lines = (count: number) => `${count < 1000 ? count : formatCount(count)} ${count === 1 ? 'line' : 'lines'}`

/** Where the log lines of this app are sent on to. */
export function Drains({ app }: { app: AppDetail }) {
  const { access } = useSession()
  const drains = useQuery(queries.drains(app.name))
  const [adding, setAdding] = useState(false)
  const [removing, setRemoving] = useState<Drain | null>(null)
  const remove = useAction('drains.remove', { touches: ['drains'], done: 'No more lines are sent there', onDone: () => setRemoving(null) })
  const needsDeploy = access === 'read' ? 'needs deploy access, this session has read' : null
  return (
    <Section
      title="Drains"
      aside={
        <Button size="sm" whyNot={needsDeploy} onClick={() => setAdding(true)}>
          Add a drain
        </Button>
      }
    >
      <Answer query={drains} title="The drains could not be read">
        {(list) =>
          list.length === 0 ? (
            <p className="py-2 text-soft">None. A drain sends every log line on, to syslog, an HTTPS address, an OpenTelemetry collector or Loki.</p>
          ) : (
            <ul className="divide-y divide-rule">
              {list.map((drain) => (
                <DrainRow key={drain.id} drain={drain} needs={needsDeploy ?? (drain.app === null && access !== 'admin' ? 'takes the lines of every app; needs admin access' : null)} onRemove={() => setRemoving(drain)} />
              ))}
            </ul>
          )
        }
      </Answer>
      {adding ? <AddDrain app={app.name} onClose={() => setAdding(false)} /> : null}
      <Confirm
        open={removing !== null}
        onOpenChange={(open) => !open && setRemoving(null)}
        title={`Send no more lines to ${removing?.url ?? ''}?`}
        touches={[removing?.app === null ? 'the lines of every app stay here from now on' : `the lines of ${app.name} stay here from now on`]}
        leaves={['what was sent already', 'the log of this app']}
        action="Remove the drain"
        tone="danger"
        busy={remove.isPending}
        onConfirm={() => removing !== null && remove.mutate({ params: { id: removing.id } })}
      />
    </Section>
  )
}

function DrainRow({ drain, needs, onRemove }: { drain: Drain; needs: string | null; onRemove: () => void }) {
  const test = useAction('drains.test', { touches: ['drains'], onDone: ({ ok, because }) => notices.add({ tone: ok ? 'done' : 'failed', text: because }) })
  return (
    <li className="row-y grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4">
      <div className="min-w-0">
        <code className="font-semibold break-all">{drain.url}</code> <Tag>{drain.kind}</Tag> {drain.app === null ? <Tag>every app</Tag> : null} {drain.state === 'failing' ? <Tag tone="red">failing</Tag> : null}
        <p className="text-sm break-words text-soft">
          {lines(drain.sent)} sent
          {drain.lastSentAt === null ? null : (
            <>
              , the last <Ago at={drain.lastSentAt} />
            </>
          )}
          {drain.dropped === 0 ? null : `; ${lines(drain.dropped)} given up`}
          {drain.lastError === null ? null : `; ${drain.lastError}`}
        </p>
      </div>
      <div className="flex items-center gap-1">
        <Button size="sm" busy={test.isPending} whyNot={needs} onClick={() => test.mutate({ params: { id: drain.id } })}>
          Test
        </Button>
        <IconButton label={`Remove the drain to ${drain.url}`} whyNot={needs} onClick={() => needs === null && onRemove()}>
          <Trash2 size={15} aria-hidden />
        </IconButton>
      </div>
    </li>
  )
}

function AddDrain({ app, onClose }: { app: string; onClose: () => void }) {
  const [url, setUrl] = useState('')
  const [authorization, setAuthorization] = useState('')
  const add = useAction('drains.add', { touches: ['drains'], quiet: true, done: (drain) => `Lines are sent to ${drain.url} from now on`, onDone: onClose })
  const isSyslog = url.startsWith('syslog')
  const whyNot = url === '' ? 'type an address' : null
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (whyNot === null) add.mutate({ body: { app, url, ...(authorization === '' || isSyslog ? {} : { headers: { Authorization: authorization } }) } })
  }
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title="Add a drain" description="Every line that is written from now on is sent there, too. What is secret in the address is encrypted at rest and never shown again.">
      <form onSubmit={submit} className="space-y-4">
        <Input
          label="Address"
          placeholder="syslog+tls://logs.example.com:6514"
          value={url}
          onChange={(event) => setUrl(event.target.value.trim())}
          autoFocus
          inputMode="url"
          hint="Its scheme says how: syslog+tls:// or syslog:// · https:// for NDJSON · otlp+https:// · loki+https://"
        />
        <Input label="Authorization header, if it needs one" placeholder="Bearer …" type="password" value={authorization} onChange={(event) => setAuthorization(event.target.value)} disabled={isSyslog} />
        <FormEnd action="Add" whyNot={whyNot} attempt={add} onCancel={onClose} />
      </form>
    </Dialog>
  )
}
