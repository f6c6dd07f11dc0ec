import type { Remediation } from '#contract/healing.ts'
import { inOrder } from '../lib/remediation-words.ts'
import { OpenRemediation } from './open-remediation.tsx'

/** What waits for a person stands first. */
export function OpenList({ list }: { list: readonly Remediation[] }) {
  return (
    <ul className="divide-y divide-rule">
      {inOrder(list).map((one) => (
        <OpenRemediation key={one.id} one={one} />
      ))}
    </ul>
  )
}
