/** Theme and density: kept in this browser, set on <html> before the first paint (vite.config.ts) and here when switched. */
export const themes = ['system', 'night', 'day'] as const
export type Theme = (typeof themes)[number]
const densities = ['comfortable', 'compact'] as const
export type Density = (typeof densities)[number]

function kept<T extends string>(key: string, known: readonly T[], otherwise: T): T {
  const value = localStorage.getItem(key)
  return known.find((one) => one === value) ?? otherwise
}

export const themeNow = (): Theme => kept('theme', themes, 'system')
export const densityNow = (): Density => kept('density', densities, 'comfortable')

const listeners = new Set<() => void>()

export function setTheme(theme: Theme): void {
  if (theme === 'system') {
    localStorage.removeItem('theme')
    delete document.documentElement.dataset['theme']
  } else {
    localStorage.setItem('theme', theme)
    document.documentElement.dataset['theme'] = theme
  }
  for (const listener of listeners) listener()
}

export function setDensity(density: Density): void {
  localStorage.setItem('density', density)
  document.documentElement.dataset['density'] = density
  for (const listener of listeners) listener()
}

/** Calls back when the look changes, by our switch or the system's. Returns how to stop. */
export function onLookChange(listener: () => void): () => void {
  const system = matchMedia('(prefers-color-scheme: light)')
  listeners.add(listener)
  system.addEventListener('change', listener)
  return () => {
    listeners.delete(listener)
    system.removeEventListener('change', listener)
  }
}

/** A token as a colour that a canvas understands (`--accent` → `rgb(…)`). */
export function resolveColor(token: string): string {
  const probe = document.createElement('span')
  probe.style.color = `var(--${token})`
  document.body.append(probe)
  const color = getComputedStyle(probe).color
  probe.remove()
  return color
}
