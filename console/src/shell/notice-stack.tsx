import { X } from 'lucide-react'
import { TextLink } from '../components/a.tsx'
import { IconButton } from '../components/button.tsx'
import { HealthMark } from '../components/health.tsx'
import { notices, useNotices } from '../data/notices.ts'

export function NoticeStack() {
  const list = useNotices()
  return (
    <section aria-label="Notices" aria-live="polite" className="pointer-events-none fixed inset-x-3 bottom-20 z-60 flex flex-col items-end gap-2 md:bottom-5 md:left-auto md:right-5">
      {list.map((one) => (
        <div key={one.id} className="pointer-events-auto flex max-w-110 items-start gap-3 rounded-lg border border-rule-strong bg-sheet py-2 pl-4 pr-1.5 shadow-float animate-[rise_160ms]">
          <span className="mt-1.5">
            <HealthMark health={one.tone === 'done' ? 'healthy' : 'down'} />
          </span>
          <p className="min-w-0 py-1">
            <span className="sr-only">{one.tone === 'done' ? 'Done: ' : 'Failed: '}</span>
            {one.text} {one.href === undefined ? null : <TextLink href={one.href}>{one.hrefText ?? 'show'}</TextLink>}
          </p>
          <IconButton label="Dismiss" size="icon" onClick={() => notices.dismiss(one.id)}>
            <X size={15} aria-hidden />
          </IconButton>
        </div>
      ))}
    </section>
  )
}
