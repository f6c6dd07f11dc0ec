import { useRouter } from '@tanstack/react-router'
import type { AnchorHTMLAttributes, MouseEvent } from 'react'

type Props = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'href'> & { href: string; replace?: boolean; ref?: React.Ref<HTMLAnchorElement> }

/** A link made by `paths.ts`: the router takes it, loads its page on hover or focus, and leaves modified clicks to the browser. */
export function A({ href, replace = false, onClick, ...rest }: Props) {
  const router = useRouter()
  const preload = () => void router.preloadRoute({ to: href.split('?')[0] as string } as never).catch(() => {})
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event)
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    void router.navigate({ href, replace })
  }
  return <a href={href} onClick={follow} onMouseEnter={preload} onFocus={preload} {...rest} />
}

const look = 'text-accent underline decoration-1 underline-offset-3 decoration-[color-mix(in_srgb,currentColor_45%,transparent)] hover:decoration-current'

/** A link within text. */
export function TextLink({ className = '', ...rest }: Props) {
  return <A className={`${look} ${className}`} {...rest} />
}

/** A link out of the console, to a served app. */
export function OutLink({ href, children, className = '' }: { href: string; children: React.ReactNode; className?: string }) {
  return (
    <a href={href} target="_blank" rel="noreferrer" className={`${look} ${className}`}>
      {children}
      <span aria-hidden="true"> ↗</span>
      <span className="sr-only"> (opens in a new tab)</span>
    </a>
  )
}
