import type { Remediation } from '#contract/healing.ts'
import { Lasting } from '../components/ago.tsx'
import { openGroups } from '../lib/remediation-groups.ts'
import { OpenRemediation } from './open-remediation.tsx'
import { RemediationGroup } from './remediation-group.tsx'

/** What waits for a person stands first; many of one cause are one row. */
export function OpenList({ list }: { list: readonly Remediation[] }) {
  return (
    <ul className="divide-y divide-rule">
      {openGroups(list).map(({ key, all }) =>
        all.length === 1 ? (
          <OpenRemediation key={key} one={all[0] as Remediation} />
        ) : (
          <li key={key} className="py-4">
            <RemediationGroup all={all} aside={<Since all={all} />}>
              <ul className="divide-y divide-rule">
                {all.map((one) => (
                  <OpenRemediation key={one.id} one={one} />
                ))}
              </ul>
            </RemediationGroup>
          </li>
        ),
      )}
    </ul>
  )
}

const Since = ({ all }: { all: readonly Remediation[] }) => (
  <span className="text-sm text-soft">
    for up to <Lasting from={all.map((one) => one.signal.since).toSorted()[0] as string} to={null} />
  </span>
)
