import { useRouter } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { rooms } from './rooms.ts'

/** Shown by `?`; the handlers are below. */
export const keys: readonly { keys: readonly string[]; does: string }[] = [
  { keys: ['Ctrl K', '⌘K'], does: 'Find or do anything' },
  ...rooms.map((room) => ({ keys: [`g ${room.key}`], does: `Go to ${room.name}` })),
  { keys: ['/'], does: 'Search on this page' },
  { keys: ['p'], does: 'Pause or go on with live logs' },
  { keys: ['?'], does: 'These keys' },
]

const isTyping = (target: EventTarget | null) => target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.closest('.xterm') !== null)

/** Single keys work only where nobody is typing and no dialog is open. */
export function useKeys(does: { palette: () => void; keys: () => void }): void {
  const router = useRouter()
  const goUntil = useRef(0) // a page that is drawn anew between two keys forgets neither
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 'k' && !(event.target instanceof HTMLElement && event.target.closest('.xterm') !== null)) {
        event.preventDefault()
        return does.palette()
      }
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target) || document.querySelector('[role=dialog]') !== null) return
      const room = Date.now() < goUntil.current ? rooms.find((one) => one.key === event.key) : undefined
      goUntil.current = 0
      if (room) void router.navigate({ href: room.href })
      else if (event.key === 'g') goUntil.current = Date.now() + 1200
      else if (event.key === '?') does.keys()
      else if (event.key === '/') {
        const search = document.querySelector<HTMLInputElement>('input[type=search]')
        if (search) {
          event.preventDefault()
          search.focus()
          search.select()
        }
      }
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  })
}
