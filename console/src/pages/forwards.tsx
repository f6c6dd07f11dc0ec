import { useQuery } from '@tanstack/react-query'
import { Trash2 } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import type { Forward } from '#contract/forwards.ts'
import { Ago } from '../components/ago.tsx'
import { Answer } from '../components/answer.tsx'
import { Button, IconButton } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Input } from '../components/field.tsx'
import { FormEnd } from '../components/form-end.tsx'
import { Tag } from '../components/tag.tsx'
import { notices } from '../data/notices.ts'
import { queries } from '../data/queries.ts'
import { useAction } from '../data/use-action.ts'
import { useSession } from '../data/use-session.ts'
import { formatCount } from '../lib/numbers.ts'

const samples = (count: number) => `${count < 1000 ? count : formatCount(count)} ${count === 1 ? 'sample' : 'samples'}`

/** Where metrics are sent on to. */
export function Forwards() {
  const { access } = useSession()
  if (access !== 'admin') return <p className="py-2 text-soft">Sending metrics on needs admin access; this session has {access}.</p>
  return <ForwardList />
}

function ForwardList() {
  const forwards = useQuery(queries.forwards())
  const [adding, setAdding] = useState(false)
  const [removing, setRemoving] = useState<Forward | null>(null)
  const remove = useAction('forwards.remove', { touches: ['forwards'], done: 'No more samples are sent there', onDone: () => setRemoving(null) })
  return (
    <>
      <Answer query={forwards} title="The forwards could not be read">
        {(list) =>
          list.length === 0 ? (
            <p className="py-2 text-soft">None. A forward sends every sample on to a Prometheus, or to whatever takes its remote write.</p>
          ) : (
            <ul className="divide-y divide-rule">
              {list.map((forward) => (
                <ForwardRow key={forward.id} forward={forward} onRemove={() => setRemoving(forward)} />
              ))}
            </ul>
          )
        }
      </Answer>
      <Button size="sm" className="mt-3" onClick={() => setAdding(true)}>
        Add a forward
      </Button>
      {adding ? <AddForward onClose={() => setAdding(false)} /> : null}
      <Confirm
        open={removing !== null}
        onOpenChange={(open) => !open && setRemoving(null)}
        title={`Send no more metrics to ${removing?.url ?? ''}?`}
        touches={['metrics stay here from now on']}
        leaves={['what was sent already', 'what is measured and kept here']}
        action="Remove the forward"
        tone="danger"
        busy={remove.isPending}
        onConfirm={() => removing !== null && remove.mutate({ params: { id: removing.id } })}
      />
    </>
  )
}

function ForwardRow({ forward, onRemove }: { forward: Forward; onRemove: () => void }) {
  const test = useAction('forwards.test', { touches: ['forwards'], onDone: ({ ok, because }) => notices.add({ tone: ok ? 'done' : 'failed', text: because }) })
  return (
    <li className="row-y grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4">
      <div className="min-w-0">
        <code className="font-semibold break-all">{forward.url}</code>{' '}
        {Object.entries(forward.labels).map(([name, value]) => (
          <span key={name}>
            <Tag>
              {name}={value}
            </Tag>{' '}
          </span>
        ))}
        {forward.state === 'failing' ? <Tag tone="red">failing</Tag> : null}
        <p className="text-sm break-words text-soft">
          {samples(forward.sent)} sent, up to <Ago at={forward.position} />
          {forward.dropped === 0 ? null : `; ${samples(forward.dropped)} given up`}
          {forward.lastError === null ? null : `; ${forward.lastError}`}
        </p>
      </div>
      <div className="flex items-center gap-1">
        <Button size="sm" busy={test.isPending} onClick={() => test.mutate({ params: { id: forward.id } })}>
          Test<span className="sr-only"> {forward.url}</span>
        </Button>
        <IconButton label={`Remove the forward to ${forward.url}`} onClick={onRemove}>
          <Trash2 size={15} aria-hidden />
        </IconButton>
      </div>
    </li>
  )
}

function AddForward({ onClose }: { onClose: () => void }) {
  const [url, setUrl] = useState('')
  const [authorization, setAuthorization] = useState('')
  const add = useAction('forwards.add', { touches: ['forwards'], quiet: true, done: (forward) => `Metrics are sent to ${forward.url} from now on`, onDone: onClose })
  const whyNot = url === '' ? 'type an address' : null
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (whyNot === null) add.mutate({ body: { url, ...(authorization === '' ? {} : { headers: { Authorization: authorization } }) } })
  }
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title="Add a forward" description="Every sample that is stored from now on is sent there, too. What is secret in the address is encrypted at rest and never shown again.">
      <form onSubmit={submit} className="space-y-4">
        <Input label="Address" placeholder="https://prometheus.example.com/api/v1/write" value={url} onChange={(event) => setUrl(event.target.value.trim())} autoFocus inputMode="url" hint="Of a receiver of Prometheus remote write" />
        <Input label="Authorization header, if it needs one" placeholder="Bearer …" type="password" value={authorization} onChange={(event) => setAuthorization(event.target.value)} />
        <FormEnd action="Add" whyNot={whyNot} attempt={add} onCancel={onClose} />
      </form>
    </Dialog>
  )
}
