import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Token } from '#contract/model.ts'
import { Ago } from '../components/ago.tsx'
import { Answer } from '../components/answer.tsx'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { Tag } from '../components/tag.tsx'
import { queries } from '../data/queries.ts'
import { useAction } from '../data/use-action.ts'
import { useSession } from '../data/use-session.ts'
import { NewToken } from './new-token.tsx'

export function Tokens() {
  const { access } = useSession()
  if (access !== 'admin') return <p className="py-2 text-soft">Tokens need admin access; this session has {access}.</p>
  return <TokenList />
}

function TokenList() {
  const tokens = useQuery(queries.tokens())
  const [making, setMaking] = useState(false)
  const [revoking, setRevoking] = useState<Token | null>(null)
  const revoke = useAction('tokens.revoke', { touches: ['tokens'], done: 'The token is revoked', onDone: () => setRevoking(null) })
  return (
    <>
      <Answer query={tokens} title="The tokens could not be read">
        {(list) => (
          <ul className="divide-y divide-rule">
            {list.length === 0 ? <li className="py-2 text-soft">None yet. Make one for git pushes or for CI; its secret is shown once.</li> : null}
            {list.map((token) => (
              <li key={token.id} className="row-y grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-6 md:grid-cols-[minmax(0,1fr)_200px_auto]">
                <div className="min-w-0">
                  <span className="font-medium">{token.name}</span> <Tag tone={token.scope === 'admin' ? 'amber' : 'plain'}>{token.scope}</Tag>
                  <p className="text-sm text-soft">{token.apps === null ? 'all apps' : `only ${token.apps.join(', ')}`}</p>
                </div>
                <p className="text-sm text-soft max-md:col-start-1">
                  {token.lastUsedAt === null ? 'never used' : <>used <Ago at={token.lastUsedAt} /></>}
                  <br />
                  {token.expiresAt === null ? 'does not expire' : <>expires <Ago at={token.expiresAt} /></>}
                </p>
                <Button size="sm" onClick={() => setRevoking(token)}>
                  Revoke<span className="sr-only"> {token.name}</span>
                </Button>
              </li>
            ))}
          </ul>
        )}
      </Answer>
      <Button size="sm" className="mt-3" onClick={() => setMaking(true)}>
        Make a token
      </Button>
      {making ? <NewToken onClose={() => setMaking(false)} /> : null}
      <Confirm open={revoking !== null} onOpenChange={(open) => !open && setRevoking(null)} title={`Revoke “${revoking?.name ?? ''}”?`} touches={['whatever uses it is refused from the next call on']} leaves={['other tokens and sessions', 'what was deployed with it']} action="Revoke" tone="danger" busy={revoke.isPending} onConfirm={() => revoking !== null && revoke.mutate({ params: { id: revoking.id } })} />
    </>
  )
}
