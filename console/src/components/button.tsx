import type { ButtonHTMLAttributes, ReactNode } from 'react'
import { A } from './a.tsx'
import { Tip } from './tip.tsx'

export type Tone = 'plain' | 'main' | 'danger' | 'quiet'

const base = 'inline-flex items-center justify-center gap-2 rounded-md font-medium whitespace-nowrap select-none transition-colors duration-100 aria-disabled:opacity-60'
const sizes = { md: 'min-h-9 px-3.5 text-sm', sm: 'min-h-8 px-2.5 text-sm', icon: 'size-9' }
const tones: Record<Tone, string> = {
  plain: 'border border-rule-strong bg-sheet text-ink hover:bg-hover',
  main: 'bg-accent text-on-accent hover:brightness-110',
  danger: 'border border-red-mark bg-red-wash text-red hover:brightness-110',
  quiet: 'text-soft hover:text-ink hover:bg-hover',
}
export const buttonLook = (tone: Tone = 'plain', size: keyof typeof sizes = 'md') => `${base} ${sizes[size]} ${tones[tone]}`

type Props = ButtonHTMLAttributes<HTMLButtonElement> & {
  tone?: Tone
  size?: keyof typeof sizes
  /** Why it may not be pressed now; null if it may. Shown on hover and focus, and read aloud. */
  whyNot?: string | null
  busy?: boolean
  ref?: React.Ref<HTMLButtonElement>
}

/** A button that stays reachable while it may not be pressed, so that its reason can be read. */
export function Button({ tone = 'plain', size = 'md', whyNot = null, busy = false, className = '', onClick, children, ...rest }: Props) {
  const off = whyNot !== null || busy
  const button = (
    <button type="button" aria-disabled={off || undefined} className={`${buttonLook(tone, size)} ${className}`} onClick={off ? (event) => event.preventDefault() : onClick} {...rest}>
      {busy ? <Working /> : null}
      {children}
      {whyNot === null ? null : <span className="sr-only">, not now: {whyNot}</span>}
    </button>
  )
  return whyNot === null ? button : <Tip text={whyNot}>{button}</Tip>
}

export function ButtonLink({ href, tone = 'plain', size = 'md', children, className = '' }: { href: string; tone?: Tone; size?: keyof typeof sizes; children: ReactNode; className?: string }) {
  return (
    <A href={href} className={`${buttonLook(tone, size)} ${className}`}>
      {children}
    </A>
  )
}

export function IconButton({ label, children, size = 'icon', ...rest }: Omit<Props, 'aria-label'> & { label: string }) {
  return (
    <Tip text={rest.whyNot ?? label}>
      <button type="button" aria-label={label} className={`${buttonLook(rest.tone ?? 'quiet', size)} ${rest.className ?? ''}`} onClick={rest.onClick} aria-pressed={rest['aria-pressed']} aria-expanded={rest['aria-expanded']} ref={rest.ref}>
        {children}
      </button>
    </Tip>
  )
}

const Working = () => (
  <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" className="animate-[turn_1s_linear_infinite]">
    <path d="M8 2a6 6 0 0 1 6 6" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
  </svg>
)
