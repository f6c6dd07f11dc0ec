import { useState } from 'react'
import type { Remediation } from '#contract/healing.ts'
import { whyNot } from '#contract/rules.ts'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { useAction } from '../data/use-action.ts'
import { useSession } from '../data/use-session.ts'
import { placeOf, rungWords } from '../lib/remediation-words.ts'
import { remediationRules } from './rules-of.ts'

const touches = ['remediations', 'healing', 'alerts', 'why', 'app', 'tonight']

/** Approve what healing suggests, or take what it is at; each says first what it touches. */
export function Decide({ one }: { one: Remediation }) {
  const { access } = useSession()
  const [asking, setAsking] = useState<'approve' | 'dismiss' | null>(null)
  const close = () => setAsking(null)
  const { name } = placeOf(one)
  const approve = useAction('healing.approve', { touches, done: `Approved for ${name}`, onDone: close })
  const dismiss = useAction('healing.dismiss', { touches, done: `${name} is yours; healing leaves it alone`, onDone: close })
  if (one.endedAt !== null) return null
  const rung = rungWords[one.next ?? 'page']
  const input = { params: { id: one.id } }
  return (
    <>
      {one.state === 'suggested' && (
        <Button tone="main" size="sm" whyNot={whyNot(remediationRules.approve, one.state, access)} onClick={() => setAsking('approve')}>
          Approve<span className="sr-only"> for {name}</span>
        </Button>
      )}
      <Button size="sm" whyNot={whyNot(remediationRules.dismiss, one.state, access)} onClick={() => setAsking('dismiss')}>
        Dismiss<span className="sr-only"> for {name}</span>
      </Button>
      <Confirm
        open={asking === 'approve'}
        onOpenChange={(open) => !open && close()}
        title={`${rung.does} ${one.next === 'page' ? `about ${name}` : name}?`}
        touches={[one.because, rung.touches]}
        leaves={[rung.leaves]}
        action="Approve"
        busy={approve.isPending}
        onConfirm={() => approve.mutate(input)}
      >
        <p className="text-sm text-soft">Healing watches whether it helps, and says so here.</p>
      </Confirm>
      <Confirm
        open={asking === 'dismiss'}
        onOpenChange={(open) => !open && close()}
        title={`Take ${name} yourself?`}
        touches={[`healing leaves ${name} alone until its signal is gone`]}
        leaves={['whatever runs now goes on as it is', 'the reflexes of proxy and agent', 'healing of everything else']}
        action="Dismiss"
        busy={dismiss.isPending}
        onConfirm={() => dismiss.mutate(input)}
      />
    </>
  )
}
