import { Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { AppDetail } from '#contract/model.ts'
import { Ago } from '../../components/ago.tsx'
import { Button, IconButton } from '../../components/button.tsx'
import { CopyButton } from '../../components/copy.tsx'
import { Confirm } from '../../components/confirm.tsx'
import type { AppRef } from '../../data/queries.ts'
import { useAction } from '../../data/use-action.ts'
import { useSession } from '../../data/use-session.ts'
import { plural } from '../../lib/numbers.ts'
import { SetVariable } from './set-variable.tsx'

type Entry = { name: string; value: string | null; setAt: string | null }

/** Variables or secrets: set, change, unset. Each change is a release, and says so first. */
export function ConfigTable({ kind, of, entries, app }: { kind: 'config' | 'secret'; of: AppRef; entries: readonly Entry[]; app: AppDetail | undefined }) {
  const { access } = useSession()
  const [editing, setEditing] = useState<string | null>(null)
  const [removing, setRemoving] = useState<string | null>(null)
  const done = (answer: { release: number } | null) => (answer === null ? 'Set; it is used from the first release on' : `Set; v${answer.release} is rolled out with it`)
  const change = useAction(kind === 'config' ? 'config.change' : 'secrets.change', { touches: ['config', 'releases', 'app'], done, onDone: () => setRemoving(null) })
  const whyNot = access === 'read' ? 'needs deploy access, this session has read' : null
  const word = kind === 'config' ? 'variable' : 'secret'
  return (
    <>
      {entries.length === 0 ? <p className="py-2 text-soft">None is set.</p> : null}
      <ul className="divide-y divide-rule">
        {entries.map((entry) => (
          <li key={entry.name} className="row-y grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 sm:grid-cols-[minmax(0,280px)_minmax(0,1fr)_auto]">
            <code className="font-semibold break-all">{entry.name}</code>
            <span className="min-w-0 text-soft max-sm:col-start-1 max-sm:row-start-2">
              {entry.value === null ? (
                <>
                  <span aria-hidden="true">••••••••</span> {entry.setAt === null ? null : <span className="text-sm">set <Ago at={entry.setAt} /></span>}
                </>
              ) : (
                <code className="break-all">{entry.value}</code>
              )}
            </span>
            <span className="flex items-center max-sm:row-span-2">
              {entry.value === null ? null : <CopyButton text={entry.value} label={`Copy ${entry.name}`} />}
              <Button size="sm" tone="quiet" whyNot={whyNot} onClick={() => setEditing(entry.name)}>
                Change<span className="sr-only"> {entry.name}</span>
              </Button>
              <IconButton label={`Unset ${entry.name}`} whyNot={whyNot} onClick={() => whyNot === null && setRemoving(entry.name)}>
                <Trash2 size={15} aria-hidden />
              </IconButton>
            </span>
          </li>
        ))}
      </ul>
      <Button size="sm" className="mt-3" whyNot={whyNot} onClick={() => setEditing('')}>
        Set a {word}
      </Button>
      {editing === null ? null : <SetVariable kind={kind} of={of} name={editing} value={entries.find((one) => one.name === editing)?.value ?? ''} onClose={() => setEditing(null)} />}
      <Confirm
        open={removing !== null}
        onOpenChange={(open) => !open && setRemoving(null)}
        title={`Unset ${removing ?? ''}?`}
        touches={[`a release without it is made and rolled out${app === undefined ? '' : `: ${plural(app.services.reduce((sum, one) => sum + one.wanted, 0), 'instance')}, one after the other`}`, ...(kind === 'secret' ? ['its value is forgotten; older releases keep the version they ran with'] : [])]}
        leaves={['code, volumes and domains']}
        action="Unset"
        tone="danger"
        busy={change.isPending}
        onConfirm={() => removing !== null && change.mutate({ params: { app: of.app }, query: { environment: of.env }, body: { [removing]: null } })}
      />
    </>
  )
}
