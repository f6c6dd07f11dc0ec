import type { ReactNode } from 'react'
import { Command } from './copy.tsx'

/** Nothing here yet: says what would be, and the command that makes it so. */
export function Empty({ title, children, command, commands = command === undefined ? [] : [command] }: { title: string; children?: ReactNode; command?: string; commands?: readonly string[] }) {
  return (
    <div className="max-w-160 py-6">
      <p className="font-serif text-xl">{title}</p>
      {children === undefined ? null : <div className="mt-2 text-soft">{children}</div>}
      {commands.length === 0 ? null : (
        <div className="mt-4 space-y-2">
          {commands.map((one) => (
            <Command key={one}>{one}</Command>
          ))}
        </div>
      )}
    </div>
  )
}
