import type { ReactNode } from 'react'

const tones = { plain: 'border-rule text-soft', amber: 'border-amber-mark text-amber', red: 'border-red-mark text-red', accent: 'border-accent text-accent' }

/** A small fact beside a name: a release number, "drift", "orphan". */
export function Tag({ children, tone = 'plain' }: { children: ReactNode; tone?: keyof typeof tones }) {
  return <span className={`inline-block rounded-sm border px-1.5 font-mono text-xs leading-[18px] whitespace-nowrap ${tones[tone]}`}>{children}</span>
}
