/** How a pause of healing is named, in the console and on the command line. Apart from the schemas, which the console does not load. */
import type { HealPause } from './healing.ts'

/** `everything`, `shop`, `shop/web`, `shop/web of staging`. */
export function pausedName({ app, environment, service }: Pick<HealPause, 'app' | 'environment' | 'service'>): string {
  if (app === null) return 'everything'
  return `${app}${service === null ? '' : `/${service}`}${environment === null ? '' : ` of ${environment}`}`
}
