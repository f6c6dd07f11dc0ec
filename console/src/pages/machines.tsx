import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { isAppError } from '#base/errors.ts'
import type { Machine } from '#contract/model.ts'
import { Ago } from '../components/ago.tsx'
import { Answer } from '../components/answer.tsx'
import { ButtonLink } from '../components/button.tsx'
import { Empty } from '../components/empty.tsx'
import { HealthMark } from '../components/health.tsx'
import { Page } from '../components/page.tsx'
import { SelectorField } from '../components/selector-field.tsx'
import { Tag } from '../components/tag.tsx'
import { queries } from '../data/queries.ts'
import { commands } from '../lib/commands.ts'
import { formatSize, plural } from '../lib/numbers.ts'
import { LoopList } from '../machines/loop-list.tsx'
import { type MachineSpark, MachineSparks, useMachineClocks, useMachineSparks } from '../machines/machine-sparks.tsx'
import { paths } from '../paths.ts'

const route = getRouteApi('/signed-in/machines')

export function Machines() {
  const { where } = route.useSearch()
  const navigate = useNavigate({ from: '/machines' })
  const machines = useQuery(queries.machines(where))
  const sparksOf = useMachineSparks()
  const clockOf = useMachineClocks()
  const refused = where !== undefined && isAppError(machines.error, 'invalid')
  return (
    <Page title="Machines" lead="Where instances run, and what each machine cannot do." actions={<ButtonLink href={paths.graphs({ board: 'machine' })}>Graphs</ButtonLink>}>
      <SelectorField label="Filter machines" value={where} onChange={(value) => void navigate({ search: { where: value }, replace: true })} error={refused ? machines.error : null} />
      {refused ? null : (
        <Answer query={machines} title="The machines could not be read">
          {(list) =>
            list.length === 0 && where !== undefined ? (
              <Empty title="No machine matches." command={commands.find(where)}>
                A name without <code>*</code> must be whole: <code>node:test*</code>.
              </Empty>
            ) : list.length === 0 ? (
              <Empty title="No machine is connected." command={commands.up}>
                This starts everything on one machine. Apps that already run are adopted.
              </Empty>
            ) : (
              <ul className="divide-y divide-rule border-y border-rule">
                {list.toSorted((a, b) => Number(b.state === 'lost') - Number(a.state === 'lost')).map((machine) => (
                  <MachineRow key={machine.name} machine={machine} sparks={sparksOf(machine.name)} clock={clockOf(machine.name)} />
                ))}
              </ul>
            )
          }
        </Answer>
      )}
      {where === undefined ? <LoopList /> : null}
    </Page>
  )
}

function MachineRow({ machine, sparks, clock }: { machine: Machine; sparks: readonly MachineSpark[]; clock: string | undefined }) {
  const lost = machine.state === 'lost'
  return (
    <li className="grid gap-x-6 gap-y-2 py-4 md:grid-cols-[minmax(0,1fr)_minmax(0,1.2fr)]">
      <div className="flex gap-3">
        <span className="pt-1">
          <HealthMark health={lost ? 'unknown' : 'healthy'} />
        </span>
        <div>
          <h2 className="font-sans text-base font-medium">
            {machine.name} <Tag>{machine.driver}</Tag>{' '}
            {machine.tags.map((tag) => (
              <span key={tag}>
                <Tag tone="accent">{tag}</Tag>{' '}
              </span>
            ))}
          </h2>
          <p className={`text-sm ${lost ? 'text-red' : 'text-soft'}`}>
            {lost ? 'lost: its apps run on, but are not seen; last heard ' : 'connected, heard '}
            <Ago at={machine.lastSeenAt} />
          </p>
          <p className="text-sm text-soft">{machine.os}</p>
        </div>
      </div>
      <div className="text-sm">
        <p className="num">
          {plural(machine.cpus, 'core')} · {formatSize(machine.memoryBytes)} · {plural(machine.instances, 'instance')} · Nightshift {machine.version}
          {clock === undefined ? null : ` · ${clock}`}
        </p>
        {machine.limits.length === 0 ? (
          <p className="text-soft">nothing is missing here</p>
        ) : (
          <ul className="mt-1 space-y-1">
            {machine.limits.map((limit) => (
              <li key={limit} className="flex gap-2 text-soft">
                <span aria-hidden="true">–</span>
                {limit}
              </li>
            ))}
          </ul>
        )}
        <MachineSparks sparks={sparks} />
      </div>
    </li>
  )
}
