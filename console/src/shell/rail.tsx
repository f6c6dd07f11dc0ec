import { Command as CommandIcon, Keyboard } from 'lucide-react'
import { useLocation } from '@tanstack/react-router'
import { A } from '../components/a.tsx'
import { useSession } from '../data/use-session.ts'
import { LookSwitch } from './look-switch.tsx'
import { isIn, rooms } from './rooms.ts'
import { Wordmark } from './wordmark.tsx'

export function Rail({ onPalette, onKeys }: { onPalette: () => void; onKeys: () => void }) {
  const { pathname } = useLocation()
  const session = useSession()
  return (
    <header className="sticky top-0 hidden h-dvh flex-col border-r border-rule px-3 py-5 md:flex">
      <A href="/" className="mb-6 rounded-md px-2.5 py-1" aria-label="Nightshift, to Tonight">
        <Wordmark />
      </A>
      <nav aria-label="Rooms">
        <ul className="space-y-0.5">
          {rooms.map(({ name, href, icon: Icon }) => {
            const here = isIn(href, pathname)
            return (
              <li key={name}>
                <A href={href} aria-current={here ? 'page' : undefined} className={`relative flex items-center gap-3 rounded-md px-2.5 py-1.5 ${here ? 'bg-hover text-ink before:absolute before:inset-y-2 before:-left-3 before:w-[2px] before:bg-accent' : 'text-soft hover:bg-hover hover:text-ink'}`}>
                  <Icon size={16} strokeWidth={1.6} aria-hidden />
                  {name}
                </A>
              </li>
            )
          })}
        </ul>
      </nav>
      <div className="mt-auto space-y-3 text-sm">
        <button type="button" onClick={onPalette} className="flex w-full items-center gap-2 rounded-md border border-rule px-2.5 py-1.5 text-soft hover:border-rule-strong hover:text-ink">
          <CommandIcon size={14} aria-hidden />
          Find or do
          <kbd className="ml-auto text-xs">{isMac ? '⌘K' : 'Ctrl K'}</kbd>
        </button>
        <LookSwitch />
        <div className="flex items-center justify-between gap-2 px-1 text-soft">
          <span className="min-w-0 truncate" title={`signed in as ${session.actor.name}, ${session.access} access`}>
            {session.actor.name} <span className="text-xs">· {session.access}</span>
          </span>
          <button type="button" onClick={onKeys} aria-label="Keys" className="rounded-md p-1.5 hover:bg-hover hover:text-ink">
            <Keyboard size={15} aria-hidden />
          </button>
        </div>
      </div>
    </header>
  )
}

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent)
