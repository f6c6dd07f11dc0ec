import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Check, MaintenanceWindow } from '#contract/checks.ts'
import { TextLink } from '../components/a.tsx'
import { Answer } from '../components/answer.tsx'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { Tag } from '../components/tag.tsx'
import { queries } from '../data/queries.ts'
import { useAction } from '../data/use-action.ts'
import { useTimeText } from '../data/use-now.ts'
import { plural } from '../lib/numbers.ts'
import { isOver, windowSpan } from '../lib/window-words.ts'
import { paths } from '../paths.ts'

/** Planned maintenance: all of it, or what covers one check. */
export function WindowList({ of }: { of?: Pick<Check, 'id' | 'app' | 'name'> }) {
  const windows = useQuery(queries.windows())
  const covers = (one: MaintenanceWindow) => of === undefined || one.checks.includes(of.id) || (of.app !== null && one.apps.includes(of.app))
  return (
    <Answer query={windows} title="The maintenance windows could not be read">
      {(list) =>
        list.some(covers) ? (
          <ul className="divide-y divide-rule">
            {list.filter(covers).map((one) => (
              <Row key={one.id} one={one} />
            ))}
          </ul>
        ) : (
          <p className="py-3 text-soft">
            None is planned. <code>{`nightshift checks window ${of === undefined ? 'checkout' : JSON.stringify(of.name)} --for 30m`}</code> plans one too.
          </p>
        )
      }
    </Answer>
  )
}

function Row({ one }: { one: MaintenanceWindow }) {
  const [asking, setAsking] = useState(false)
  const over = useTimeText((now) => String(isOver(one, now))) === 'true'
  const word = one.active && one.repeat === 'once' ? 'End' : 'Remove'
  const remove = useAction('windows.delete', { done: `${one.title} is ${word === 'End' ? 'over' : 'removed'}.`, touches: ['windows', 'checks', 'check'], onDone: () => setAsking(false) })
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 py-3">
      <div className="min-w-0">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <span className="break-words">{one.title}</span> {one.active ? <Tag tone="amber">open</Tag> : null} {over ? <Tag>over</Tag> : null} {one.repeat === 'once' ? null : <Tag>{`${one.repeat}, ${one.timezone}`}</Tag>}
        </p>
        <p className="text-sm text-soft">
          {windowSpan(one)}; <Covered one={one} />; by {one.by}
        </p>
      </div>
      <Button size="sm" onClick={() => setAsking(true)}>
        {word}
      </Button>
      <Confirm
        open={asking} onOpenChange={setAsking} title={`${word} ${one.title}?`} action={word} tone="danger" busy={remove.isPending} onConfirm={() => remove.mutate({ params: { window: one.id } })}
        touches={[over ? 'nothing but its line in this list' : one.active ? 'its checks alert again from now on' : 'its checks alert at that time as at any other', ...(one.repeat === 'once' ? [] : ['every repetition of it'])]}
        leaves={['the checks, which run on either way']}
      />
    </li>
  )
}

const shownNames = 4

function Covered({ one }: { one: MaintenanceWindow }) {
  const checks = useQuery(queries.checks())
  const names = new Map((checks.data ?? []).map(({ id, name }) => [id, name]))
  const rest = one.checks.length - shownNames
  return (
    <>
      {one.apps.map((app) => `all of ${app}`).join(', ')}
      {one.apps.length > 0 && one.checks.length > 0 ? ', ' : ''}
      {one.checks.slice(0, shownNames).map((id, nth) => (
        <span key={id}>
          {nth === 0 ? '' : ', '}
          <TextLink href={paths.check(id)}>{names.get(id) ?? id}</TextLink>
        </span>
      ))}
      {rest > 0 ? ` and ${plural(rest, 'more check')}` : ''}
    </>
  )
}
