import { useQuery } from '@tanstack/react-query'
import { Answer } from '../components/answer.tsx'
import { Button } from '../components/button.tsx'
import { Tag } from '../components/tag.tsx'
import { queries } from '../data/queries.ts'
import { useAction } from '../data/use-action.ts'
import { clockTime, longDate } from '../lib/times.ts'

export function WindowList() {
  const windows = useQuery(queries.windows())
  const remove = useAction('windows.delete', { done: 'The window is gone.', touches: ['windows', 'checks', 'check'] })
  return (
    <Answer query={windows} title="The maintenance windows could not be read">
      {(list) =>
        list.length === 0 ? (
          <p className="py-3 text-soft">
            None is planned. <code>nightshift checks window checkout --for 30m</code> plans one.
          </p>
        ) : (
          <ul className="divide-y divide-rule">
            {list.map((one) => (
              <li key={one.id} className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 py-3">
                <div>
                  <p>
                    {one.title} {one.active ? <Tag tone="amber">open</Tag> : null} {one.repeat === 'once' ? null : <Tag>{`${one.repeat}, ${one.timezone}`}</Tag>}
                  </p>
                  <p className="text-sm text-soft">
                    {longDate(one.from)} {clockTime(one.from)} until {longDate(one.until)} {clockTime(one.until)}; {[...one.apps.map((app) => `all of ${app}`), one.checks.length === 0 ? '' : `${one.checks.length} checks`].filter((part) => part !== '').join(', ')}; by {one.by}
                  </p>
                </div>
                <Button size="sm" busy={remove.isPending} onClick={() => remove.mutate({ params: { window: one.id } })}>
                  Remove
                </Button>
              </li>
            ))}
          </ul>
        )
      }
    </Answer>
  )
}
