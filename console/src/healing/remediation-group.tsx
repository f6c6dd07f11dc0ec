import { type ReactNode, useState } from 'react'
import type { Remediation } from '#contract/healing.ts'
import { TextLink } from '../components/a.tsx'
import { Button } from '../components/button.tsx'
import { HealthMark } from '../components/health.tsx'
import { groupHealth, groupTitle, stateCounts } from '../lib/remediation-groups.ts'
import { placeOf } from '../lib/remediation-words.ts'
import { paths } from '../paths.ts'

const named = 8

/** Many of one cause as one row: how many, what became of them, which; one by one when asked for. */
export function RemediationGroup({ all, aside, children }: { all: readonly Remediation[]; /** Beside the title: since when. */ aside?: ReactNode; /** One by one. */ children: ReactNode }) {
  const [open, setOpen] = useState(false)
  const [first] = all as [Remediation]
  const isGrave = all.some(({ state }) => state === 'handed-over')
  const isAsking = first.state === 'suggested'
  // one a place: the gravest, which stands first
  const places = [...new Map(all.toReversed().map((one) => [one.target, one])).values()].toReversed()
  return (
    <div className="min-w-0 flex-1">
      <div className="flex gap-2.5">
        <span className="pt-1">
          <HealthMark health={groupHealth(all)} />
        </span>
        <div className="min-w-0 flex-1">
          <p className="flex flex-wrap items-baseline gap-x-2.5">
            <span className="font-medium">{groupTitle(all)}</span>
            <span className={`text-sm ${isGrave ? 'text-red' : isAsking ? 'text-amber' : 'text-soft'}`}>{stateCounts(all)}</span>
            {aside}
          </p>
          {first.cause.kind === 'unknown' ? null : <p>{first.cause.because}</p>}
          {places.length === 1 ? null : (
            <p className="text-sm">
              {places.slice(0, named).map((one, nth) => (
                <span key={one.id}>
                  {nth === 0 ? null : ', '}
                  <TextLink href={paths.remediation(one.id)}>{placeOf(one).name}</TextLink>
                </span>
              ))}
              {places.length > named ? <span className="text-soft"> and {places.length - named} more</span> : null}
            </p>
          )}
          <Button size="sm" className="mt-2" aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? 'Fold' : `Show all ${all.length}`}
            <span className="sr-only">: {groupTitle(all)}</span>
          </Button>
        </div>
      </div>
      {open ? <div className="mt-3 ml-1 border-l border-rule pl-4">{children}</div> : null}
    </div>
  )
}
