import { Tooltip } from 'radix-ui'
import type { ReactElement, ReactNode } from 'react'

/** Words, or what says them once they are asked for: rows by the hundred are never hovered over. */
type Text = ReactNode | (() => ReactNode)

/** A word on hover and focus. Never the only place where something stands. */
export function Tip({ text, children, side = 'top' }: { text: Text; children: ReactElement; side?: 'top' | 'right' | 'bottom' | 'left' }) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content side={side} sideOffset={6} collisionPadding={10} className="z-60 max-w-80 rounded-md border border-rule bg-sheet px-3 py-1.5 text-sm text-ink shadow-float animate-[fade_120ms]">
          <Said text={text} />
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  )
}

const Said = ({ text }: { text: Text }) => (typeof text === 'function' ? text() : text)
