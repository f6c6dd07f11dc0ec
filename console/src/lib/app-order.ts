/** Apps in the order in which they need a look: the sick first, else by name, so that rows keep their place. Pure. */
import type { AppSummary } from '#contract/model.ts'

export const worstHealthFirst: readonly AppSummary['health'][] = ['down', 'degraded', 'working', 'healthy', 'stopped', 'empty']
const calm: readonly AppSummary['health'][] = ['healthy', 'stopped', 'empty']

export const healthRank = (health: AppSummary['health']) => worstHealthFirst.indexOf(health)
export const isCalm = ({ health }: Pick<AppSummary, 'health'>) => calm.includes(health)

export function byNeed<T extends Pick<AppSummary, 'name' | 'environment' | 'health'>>(apps: readonly T[]): T[] {
  return apps.toSorted((a, b) => healthRank(a.health) - healthRank(b.health) || a.name.localeCompare(b.name) || a.environment.localeCompare(b.environment))
}
