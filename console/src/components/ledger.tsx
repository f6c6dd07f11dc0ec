import type { ReactNode } from 'react'

/** A logbook entry: the time in the margin, what happened beside it. Give it a list element as parent. */
export function Entry({ when, children, id, tone = '' }: { when: ReactNode; children: ReactNode; id?: string; tone?: string }) {
  return (
    <li className={`ledger scroll-mt-24 ${tone}`} id={id}>
      <div className="ledger-when">{when}</div>
      <div className="ledger-what">{children}</div>
    </li>
  )
}

export function Ledger({ children, label }: { children: ReactNode; label: string }) {
  return <ol aria-label={label}>{children}</ol>
}
