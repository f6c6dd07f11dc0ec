import { Dialog } from 'radix-ui'
import { Menu, Search, X } from 'lucide-react'
import { useLocation } from '@tanstack/react-router'
import { useState } from 'react'
import { A } from '../components/a.tsx'
import { IconButton } from '../components/button.tsx'
import { useSession } from '../data/use-session.ts'
import { LookSwitch } from './look-switch.tsx'
import { isIn, rooms } from './rooms.ts'
import { Wordmark } from './wordmark.tsx'

const cell = 'flex flex-1 flex-col items-center gap-0.5 py-2 text-[11.5px] leading-4'

/** The rooms on a phone: four within reach of a thumb, the rest in a sheet. */
export function BottomBar({ onPalette }: { onPalette: () => void }) {
  const { pathname } = useLocation()
  const [open, setOpen] = useState(false)
  const inBar = rooms.slice(0, 4)
  return (
    <nav aria-label="Rooms" className="fixed inset-x-0 bottom-0 z-30 flex border-t border-rule bg-sheet pb-[env(safe-area-inset-bottom)] md:hidden">
      {inBar.map(({ name, href, icon: Icon }) => {
        const here = isIn(href, pathname)
        return (
          <A key={name} href={href} aria-current={here ? 'page' : undefined} className={`${cell} ${here ? 'text-accent' : 'text-soft'}`}>
            <Icon size={20} strokeWidth={here ? 2 : 1.6} aria-hidden />
            {name}
          </A>
        )
      })}
      <Dialog.Root open={open} onOpenChange={setOpen}>
        <Dialog.Trigger className={`${cell} text-soft`}>
          <Menu size={20} strokeWidth={1.6} aria-hidden />
          More
        </Dialog.Trigger>
        <Dialog.Portal>
          <Dialog.Overlay className="fixed inset-0 z-40 bg-veil animate-[fade_140ms]" />
          <Dialog.Content aria-describedby={undefined} className="fixed inset-x-0 bottom-0 z-50 rounded-t-xl border-t border-rule bg-sheet p-5 pb-[calc(20px+env(safe-area-inset-bottom))] outline-none animate-[rise_160ms]">
            <div className="mb-3 flex items-center justify-between">
              <Dialog.Title>
                <Wordmark small />
              </Dialog.Title>
              <Dialog.Close asChild>
                <IconButton label="Close">
                  <X size={17} aria-hidden />
                </IconButton>
              </Dialog.Close>
            </div>
            <More onPalette={onPalette} close={() => setOpen(false)} />
          </Dialog.Content>
        </Dialog.Portal>
      </Dialog.Root>
    </nav>
  )
}

function More({ onPalette, close }: { onPalette: () => void; close: () => void }) {
  const session = useSession()
  const row = 'flex w-full items-center gap-3 rounded-md px-2 py-2.5 text-left hover:bg-hover'
  return (
    <>
      <ul className="mb-4">
        <li>
          <button
            type="button"
            className={row}
            onClick={() => {
              close()
              onPalette()
            }}
          >
            <Search size={18} strokeWidth={1.6} aria-hidden />
            Find or do
          </button>
        </li>
        {rooms.slice(4).map(({ name, href, icon: Icon }) => (
          <li key={name}>
            <A href={href} className={row} onClick={close}>
              <Icon size={18} strokeWidth={1.6} aria-hidden />
              {name}
            </A>
          </li>
        ))}
      </ul>
      <LookSwitch />
      <p className="mt-3 text-sm text-soft">
        {session.actor.name}, {session.access} access
      </p>
    </>
  )
}
