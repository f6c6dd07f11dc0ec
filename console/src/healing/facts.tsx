import type { ReactNode } from 'react'

/** A few named facts about one thing, the names in a narrow column. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className="grid grid-cols-[62px_minmax(0,1fr)] gap-x-3 gap-y-1 text-sm sm:grid-cols-[66px_minmax(0,1fr)] sm:gap-x-4">{children}</dl>
}

export function Fact({ name, children, tone = '' }: { name: string; children: ReactNode; tone?: string }) {
  return (
    <>
      <dt className="text-soft">{name}</dt>
      <dd className={`min-w-0 max-w-[76ch] ${tone}`}>{children}</dd>
    </>
  )
}
