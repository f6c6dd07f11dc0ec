import { Popover } from 'radix-ui'
import type { AppDetail, Instance } from '#contract/model.ts'
import { InstanceMark, instanceHealth, instanceWords } from '../../components/instance-mark.tsx'
import { InstanceCard } from './instance-card.tsx'

/** An instance as a dot with its number; opens what is known of it and what can be done. */
export function InstanceDot({ app, instance }: { app: AppDetail; instance: Instance }) {
  const otherRelease = instance.release === app.release ? '' : `v${instance.release}`
  const loud = instanceHealth[instance.state] !== 'healthy'
  return (
    <Popover.Root>
      <Popover.Trigger aria-label={`${instance.name}${otherRelease === '' ? '' : ` ${otherRelease}`}: ${instanceWords[instance.state]}`} className={`inline-flex min-h-8 items-center gap-2 rounded-md border px-2.5 hover:border-rule-strong data-[state=open]:border-accent ${loud ? 'border-rule-strong bg-sheet' : 'border-rule'}`}>
        <InstanceMark state={instance.state} size={12} />
        <span className="num text-sm">.{instance.name.split('.').at(-1)}</span>{' '}
        {otherRelease === '' ? null : <span className="num text-xs text-soft">{otherRelease}</span>}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content aria-label={`Instance ${instance.name}`} align="end" sideOffset={6} collisionPadding={12} className="z-40 w-90 max-w-[94vw] rounded-xl border border-rule bg-sheet p-4 shadow-float outline-none animate-[rise_120ms]">
          <InstanceCard app={app} instance={instance} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}
