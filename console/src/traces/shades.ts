/** A shade for each service of a trace: neutral, since colour is for status; told apart by name as well. Pure. */
const shades = ['var(--rule-strong)', 'color-mix(in oklab, var(--ink) 55%, var(--paper))', 'color-mix(in oklab, var(--ink) 30%, var(--paper))', 'color-mix(in oklab, var(--accent) 45%, var(--paper))', 'color-mix(in oklab, var(--ink) 75%, var(--paper))', 'color-mix(in oklab, var(--accent) 25%, var(--paper))'] as const

export function shadesOf(services: readonly string[]): Map<string, string> {
  return new Map([...new Set(services)].map((name, nth) => [name, shades[nth % shades.length] as string]))
}
