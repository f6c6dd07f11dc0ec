import { useState } from 'react'
import type { HealOverview } from '#contract/healing.ts'
import { whyNot } from '#contract/rules.ts'
import { Ago } from '../components/ago.tsx'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { Input } from '../components/field.tsx'
import { HealthMark } from '../components/health.tsx'
import { useAction } from '../data/use-action.ts'
import { useSession } from '../data/use-session.ts'
import { healingState } from '../lib/healing-state.ts'
import { healingRules } from './rules-of.ts'

/** One sentence: on, stopped by whom and why, or held by the breaker. */
export function HealingSentence({ overview }: { overview: HealOverview }) {
  const { kind, sentence, meaning } = healingState(overview)
  if (kind === 'on')
    return (
      <p>
        <span className="text-ink">{sentence}</span> {meaning}
      </p>
    )
  return (
    <div className="mt-1 flex max-w-180 gap-3 rounded-lg border border-amber-mark bg-amber-wash px-4 py-3">
      <span className="pt-1">
        <HealthMark health={kind === 'stopped' ? 'stopped' : 'degraded'} />
      </span>
      <div className="min-w-0">
        <p className="font-medium text-amber">{sentence}</p>
        <p className="text-ink">
          {overview.stopped === null ? null : (
            <>
              Since <Ago at={overview.stopped.at} />.{' '}
            </>
          )}
          {meaning}
        </p>
      </div>
    </div>
  )
}

/** Stop, with a reason that others will read; or go on. */
export function HealingSwitch({ overview }: { overview: HealOverview }) {
  const { access } = useSession()
  const [asking, setAsking] = useState(false)
  const [because, setBecause] = useState('')
  const close = () => setAsking(false)
  const touches = ['healing', 'remediations', 'why']
  const stop = useAction('healing.stop', { touches, done: 'Healing is stopped', onDone: close })
  const resume = useAction('healing.resume', { touches, done: 'Healing goes on', onDone: close })
  const isStopped = overview.stopped !== null
  const state = isStopped ? 'stopped' : 'on'
  if (isStopped)
    return (
      <>
        <Button tone="main" whyNot={whyNot(healingRules.resume, state, access)} onClick={() => setAsking(true)}>
          Resume healing
        </Button>
        <Confirm open={asking} onOpenChange={setAsking} title="Resume healing?" touches={['what is sick now is acted on at once, as its rules say']} leaves={['rules that are off, or ask first', 'what a person has taken']} action="Resume" busy={resume.isPending} onConfirm={() => resume.mutate({})} />
      </>
    )
  return (
    <>
      <Button whyNot={whyNot(healingRules.stop, state, access)} onClick={() => setAsking(true)}>
        Stop healing
      </Button>
      <Confirm
        open={asking}
        onOpenChange={setAsking}
        title="Stop all healing?"
        touches={['nothing is restarted, moved or reverted by control, on any app or machine, until somebody resumes it']}
        leaves={['the reflexes: a bad instance leaves rotation, a crashed one starts again', 'apps, releases and volumes']}
        action="Stop healing"
        tone="danger"
        busy={stop.isPending}
        onConfirm={() => stop.mutate({ body: because.trim() === '' ? {} : { because: because.trim() } })}
      >
        <Input label="Why, for whoever reads it" placeholder="an operator stopped it" maxLength={200} value={because} onChange={(event) => setBecause(event.target.value)} />
      </Confirm>
    </>
  )
}
