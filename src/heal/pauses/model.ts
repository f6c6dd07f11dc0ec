/** A pause: a maintenance window in which healing acts on nothing of an app, an environment or a service, or on nothing at all. */
import type { HealPause } from '#contract/healing.ts'

export type PauseRow = { id: string; app: string | null; environment: string | null; service: string | null; because: string; by_name: string; at: Date; until: Date; ended_at: Date | null }

/** Healing of it is paused by, until when and why; null: it is not. The one that lasts longest counts. Pure. */
export function pauseOf(pauses: readonly PauseRow[], of: { app: string | null; environment: string | null; service?: string | null }, now: Date): PauseRow | null {
  const covers = (mine: string | null, its: string | null | undefined) => mine === null || its === undefined || mine === its
  const here = pauses.filter((one) => one.ended_at === null && one.until > now && covers(one.app, of.app) && covers(one.environment, of.environment) && covers(one.service, of.service))
  return here.toSorted((a, b) => b.until.getTime() - a.until.getTime() || (a.id < b.id ? -1 : 1))[0] ?? null
}

export const pausedBecause = (pause: PauseRow): string => `healing is paused by ${pause.by_name} until ${pause.until.toISOString()}: ${pause.because}`

/** A pause of everything concerns everybody. */
export const seesPause = (apps: readonly string[] | null, { app }: Pick<PauseRow, 'app'>): boolean => apps === null || app === null || apps.includes(app)

export function pauseView({ by_name, at, until, ended_at: _, ...row }: PauseRow): HealPause {
  return { ...row, by: by_name, at: at.toISOString(), until: until.toISOString() }
}
