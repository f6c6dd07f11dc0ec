import { useState } from 'react'
import type { AppDetail, Rollout } from '#contract/model.ts'
import { rolloutRules, whyNot } from '#contract/rules.ts'
import { Lasting } from '../../components/ago.tsx'
import { Button } from '../../components/button.tsx'
import { Confirm } from '../../components/confirm.tsx'
import { Section } from '../../components/page.tsx'
import { Steps } from '../../components/steps.tsx'
import { rolloutSteps, stepsOf } from '../../lib/deploy-steps.ts'
import { useAction } from '../../data/use-action.ts'
import { useSession } from '../../data/use-session.ts'

/** The switch from one release to the next, as it happens. */
export function RolloutView({ app, rollout }: { app: AppDetail; rollout: Rollout }) {
  const { access } = useSession()
  const [asking, setAsking] = useState(false)
  const cancel = useAction('rollouts.cancel', { touches: ['app', 'releases'], done: 'The rollout is given up; the old release serves on', onDone: () => setAsking(false) })
  const open = rollout.finishedAt === null
  const outcome = rollout.state === 'finished' ? 'done' : rollout.state === 'failed' || rollout.state === 'cancelled' ? 'failed' : 'running'
  const from = rollout.fromRelease === null ? '' : ` replaces v${rollout.fromRelease}`
  return (
    <Section
      title={`v${rollout.release}${from}`}
      aside={
        <>
          {rollout.state === 'starting' ? 'rolling out' : rollout.state}, {rollout.because}, <Lasting from={rollout.startedAt} to={rollout.finishedAt} />
        </>
      }
    >
      <div className="py-2">
        <Steps label={`Rollout of v${rollout.release}`} steps={stepsOf(rollout.steps, rolloutSteps, outcome, outcome === 'running' ? '' : rollout.because)} />
      </div>
      {!open ? null : (
        <Button size="sm" className="mt-4" whyNot={whyNot(rolloutRules.cancel, rollout.state, access)} onClick={() => setAsking(true)}>
          Give up this rollout
        </Button>
      )}
      <Confirm
        open={asking}
        onOpenChange={setAsking}
        title={`Give up the rollout of v${rollout.release}?`}
        touches={[`new instances of v${rollout.release} are stopped`]}
        leaves={[rollout.fromRelease === null ? 'nothing served before' : `v${rollout.fromRelease} serves on`, 'volumes, config and secrets']}
        action="Give up"
        tone="danger"
        busy={cancel.isPending}
        onConfirm={() => cancel.mutate({ params: { app: app.name }, query: { environment: app.environment } })}
      />
    </Section>
  )
}
