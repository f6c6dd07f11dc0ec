import type { ReactNode } from 'react'
import { useTitle } from '../lib/use-title.ts'

/** A page's head: title, one sentence, what can be done. Sets the document's title. */
export function Page({ title, lead, actions, children, wide = false, documentTitle }: { title: ReactNode; lead?: ReactNode; actions?: ReactNode; children: ReactNode; wide?: boolean; documentTitle?: string }) {
  useTitle(documentTitle ?? (typeof title === 'string' ? title : ''))
  return (
    <div className={`mx-auto px-4 pt-7 sm:px-8 sm:pt-10 ${wide ? 'max-w-none' : 'max-w-[1120px]'}`}>
      <header className="mb-7 flex flex-wrap items-start justify-between gap-x-8 gap-y-4">
        <div className="min-w-0 max-w-180">
          <h1 className="text-2xl">{title}</h1>
          {lead === undefined ? null : <div className="mt-1.5 text-soft">{lead}</div>}
        </div>
        {actions === undefined ? null : <div className="flex flex-wrap gap-2">{actions}</div>}
      </header>
      {children}
    </div>
  )
}

/** A part of a page under a heading. */
export function Section({ title, aside, children, className = '' }: { title: ReactNode; aside?: ReactNode; children: ReactNode; className?: string }) {
  return (
    <section className={`mb-(--section) ${className}`}>
      <div className="mb-3 flex flex-wrap items-baseline justify-between gap-x-6 gap-y-1 border-b border-rule pb-2">
        <h2 className="text-lg">{title}</h2>
        {aside === undefined ? null : <div className="text-sm text-soft">{aside}</div>}
      </div>
      {children}
    </section>
  )
}
