import type { Change } from '../../lib/what-changed.ts'

const shownAtFirst = 5

/** What a release changed; long lists fold. */
export function Changes({ changes, to }: { changes: readonly Change[]; to: string }) {
  if (changes.length === 0) return <p className="text-sm text-soft">nothing changed against {to}: the same code, config and manifest</p>
  const [first, rest] = [changes.slice(0, shownAtFirst), changes.slice(shownAtFirst)]
  return (
    <div className="mt-1 text-sm">
      <List changes={first} />
      {rest.length === 0 ? null : (
        <details>
          <summary className="cursor-pointer text-soft hover:text-ink">and {rest.length} more</summary>
          <List changes={rest} />
        </details>
      )}
    </div>
  )
}

const List = ({ changes }: { changes: readonly Change[] }) => (
  <ul>
    {changes.map((change) => (
      <li key={change.what + change.text} className="flex gap-3">
        <span className="w-16 shrink-0 text-soft">{change.what}</span>
        <code className="min-w-0 break-words">{change.text}</code>
      </li>
    ))}
  </ul>
)
