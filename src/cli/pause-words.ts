import type { HealPause } from '#contract/healing.ts'

/** `everything`, `shop`, `shop/web`, `shop/web of staging`. */
export function pausedWords({ app, environment, service }: HealPause): string {
  if (app === null) return 'everything'
  return `${app}${service === null ? '' : `/${service}`}${environment === null ? '' : ` of ${environment}`}`
}
