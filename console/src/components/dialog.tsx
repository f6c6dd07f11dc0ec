import { X } from 'lucide-react'
import { Dialog as Radix } from 'radix-ui'
import { type ReactNode, useRef } from 'react'
import { IconButton } from './button.tsx'

type Props = { open: boolean; onOpenChange: (open: boolean) => void; title: string; description?: ReactNode; children: ReactNode; wide?: boolean }

/** A sheet over the page; on a phone it rises from the bottom. */
export function Dialog({ open, onOpenChange, title, description, children, wide = false }: Props) {
  // what it was opened from: Radix knows triggers of its own alone, and a field with autoFocus has the focus before any effect
  const opener = useRef<Element | null>(null)
  const wasOpen = useRef(false)
  if (open && !wasOpen.current) opener.current = document.activeElement
  wasOpen.current = open
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-veil animate-[fade_140ms]" />
        <Radix.Content
          onOpenAutoFocus={focusContent}
          onCloseAutoFocus={(event) => {
            event.preventDefault()
            if (opener.current instanceof HTMLElement && opener.current.isConnected) opener.current.focus()
          }}
          {...(description === undefined ? { 'aria-describedby': undefined } : {})}
          className={`fixed z-50 max-h-[88dvh] overflow-y-auto border border-rule bg-sheet p-6 shadow-float outline-none animate-[rise_160ms] inset-x-0 bottom-0 rounded-t-xl sm:inset-x-auto sm:bottom-auto sm:left-1/2 sm:top-[12vh] sm:max-h-[76dvh] sm:-translate-x-1/2 sm:rounded-xl ${wide ? 'sm:w-[720px]' : 'sm:w-[520px]'} sm:max-w-[94vw]`}
        >
          <div className="mb-4 flex items-start justify-between gap-4">
            <Radix.Title className="text-xl">{title}</Radix.Title>
            <Radix.Close asChild>
              <IconButton label="Close" className="-mr-2 -mt-1.5">
                <X size={17} aria-hidden />
              </IconButton>
            </Radix.Close>
          </div>
          {description === undefined ? null : (
            <Radix.Description asChild>
              <div className="mb-4 text-soft">{description}</div>
            </Radix.Description>
          )}
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

/** The sheet itself is focused, so that it is read from its title; a field that asked for the focus keeps it. */
function focusContent(event: Event): void {
  event.preventDefault()
  const content = event.currentTarget as HTMLElement
  if (!content.contains(document.activeElement)) content.focus()
}
