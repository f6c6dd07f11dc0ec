import type { ReactNode } from 'react'
import { exitWords } from '#contract/exit-words.ts'
import type { AppDetail, Instance } from '#contract/model.ts'
import { instanceRules, whyNot } from '#contract/rules.ts'
import { Ago, Lasting } from '../../components/ago.tsx'
import { Button, ButtonLink } from '../../components/button.tsx'
import { InstanceMark, instanceWords } from '../../components/instance-mark.tsx'
import { useAction } from '../../data/use-action.ts'
import { useSession } from '../../data/use-session.ts'
import { formatCpu, formatSize, plural } from '../../lib/numbers.ts'
import { paths } from '../../paths.ts'

/** What is known of one instance, and what can be done with it. */
export function InstanceCard({ app, instance }: { app: AppDetail; instance: Instance }) {
  return (
    <>
      <div className="mb-1 flex items-center justify-between gap-4">
        <h3 className="font-mono text-base font-semibold">{instance.name}</h3>
        <InstanceMark state={instance.state} size={16} />
      </div>
      <p className="mb-3">
        {instanceWords[instance.state]}: <span className="text-soft">{instance.because}</span>
      </p>
      <Facts instance={instance} />
      <Actions app={app} instance={instance} />
    </>
  )
}

function Facts({ instance }: { instance: Instance }) {
  const exit = instance.lastExit
  return (
    <dl className="mb-4 grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-0.5 text-sm">
      <Fact name="release">v{instance.release}</Fact>
      <Fact name="machine">{instance.machine}</Fact>
      {instance.startedAt === null || instance.pid === null ? null : (
        <Fact name="up for">
          <Lasting from={instance.startedAt} to={null} />
        </Fact>
      )}
      {instance.retryAt === null ? null : (
        <Fact name="next start">
          <Ago at={instance.retryAt} />
        </Fact>
      )}
      {instance.restarts === 0 ? null : <Fact name="restarts">{plural(instance.restarts, 'time')}</Fact>}
      {exit === null ? null : (
        <Fact name="last exit">
          {exitWords(exit)}, <Ago at={exit.at} />
        </Fact>
      )}
      {instance.cpu === null ? null : <Fact name="CPU">{formatCpu(instance.cpu)}</Fact>}
      {instance.memoryBytes === null ? null : (
        <Fact name="memory">
          {formatSize(instance.memoryBytes)}
          {instance.memoryLimitBytes === null ? '' : ` of ${formatSize(instance.memoryLimitBytes)}`}
        </Fact>
      )}
      {instance.address === null ? null : <Fact name="address">{instance.address}</Fact>}
      {instance.pid === null ? null : <Fact name="process">{instance.pid}</Fact>}
    </dl>
  )
}

function Actions({ app, instance }: { app: AppDetail; instance: Instance }) {
  const { access } = useSession()
  const restart = useAction('apps.restart', { touches: ['app'], done: `Restarting ${instance.name}` })
  const noTerminal = whyNot(instanceRules.terminal, instance.state, access)
  return (
    <div className="flex flex-wrap gap-2">
      <Button size="sm" busy={restart.isPending} whyNot={whyNot(instanceRules.restart, instance.state, access)} onClick={() => restart.mutate({ params: { app: app.name }, query: { environment: app.environment }, body: { instance: instance.name } })}>
        Restart
      </Button>
      {noTerminal === null ? (
        <ButtonLink size="sm" href={paths.terminal(app.name, instance.name, app.environment)}>
          Terminal
        </ButtonLink>
      ) : (
        <Button size="sm" whyNot={noTerminal}>
          Terminal
        </Button>
      )}
      <ButtonLink size="sm" href={paths.appLogs(app.name, app.environment, { instance: instance.name })}>
        Logs
      </ButtonLink>
    </div>
  )
}

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <>
    <dt className="text-soft">{name}</dt>
    <dd className="num min-w-0 break-words">{children}</dd>
  </>
)
