import { useQueryClient } from '@tanstack/react-query'
import { Outlet, useLocation } from '@tanstack/react-router'
import { Suspense, lazy, useEffect, useRef, useState } from 'react'
import { startLive } from '../data/live.ts'
import { BottomBar } from './bottom-bar.tsx'
import { ConnectionLine } from './connection-line.tsx'
import { KeysDialog } from './keys-dialog.tsx'
import { NoticeStack } from './notice-stack.tsx'
import { Rail } from './rail.tsx'
import { useKeys } from './use-keys.ts'

const loadPalette = () => import('./palette.tsx').then((module) => ({ default: module.Palette }))
const Palette = lazy(loadPalette)

/** What stands around every room once somebody has signed in. */
export function Frame() {
  const client = useQueryClient()
  const [open, setOpen] = useState<'palette' | 'keys' | null>(null)
  const main = useRef<HTMLElement>(null)
  const { pathname } = useLocation()
  useEffect(() => startLive(client), [client])
  useEffect(() => {
    // once the page has settled, so that the first key after Ctrl K is not lost
    const timer = setTimeout(() => void loadPalette().catch(() => {}), 1500)
    return () => clearTimeout(timer)
  }, [])
  useKeys({ palette: () => setOpen('palette'), keys: () => setOpen('keys') })
  useFocusOnMove(main, pathname)
  return (
    <div className="md:grid md:grid-cols-[212px_minmax(0,1fr)]">
      <a href="#main" className="sr-only focus:not-sr-only focus:fixed focus:left-3 focus:top-3 focus:z-60 focus:rounded-md focus:bg-accent focus:px-3 focus:py-2 focus:text-on-accent">
        Skip to the page
      </a>
      <Rail onPalette={() => setOpen('palette')} onKeys={() => setOpen('keys')} />
      <div className="min-w-0 pb-24 md:pb-16">
        <ConnectionLine />
        <main id="main" ref={main} tabIndex={-1} className="min-w-0 outline-none">
          <Outlet />
        </main>
      </div>
      <BottomBar onPalette={() => setOpen('palette')} />
      <NoticeStack />
      <KeysDialog open={open === 'keys'} onOpenChange={(next) => setOpen(next ? 'keys' : null)} />
      <Suspense fallback={null}>{open === 'palette' ? <Palette onClose={() => setOpen(null)} onKeys={() => setOpen('keys')} /> : null}</Suspense>
    </div>
  )
}

/** A new page begins at its top for a keyboard and a screen reader too; the first page is left alone. */
function useFocusOnMove(main: React.RefObject<HTMLElement | null>, pathname: string): void {
  const room = pathname.split('/').slice(0, 3).join('/')
  const last = useRef(room)
  useEffect(() => {
    if (last.current !== room) main.current?.focus({ preventScroll: true })
    last.current = room
  }, [main, room])
}
