/**
 * What may be done in which state, as data shared by the server, the console and the CLI. A rule lists the states in
 * which the action makes sense; what is missing there is refused, or shown disabled, with `otherwise`.
 */
import type { Access } from './endpoints.ts'
import type { AppSummary, Bake, Build, Instance, Release, Rollout } from './model.ts'

export type Rule<State extends string> = {
  /** What the credential must allow. */
  access: Exclude<Access, 'public'>
  while: readonly State[]
  /** Why not, in any other state; `{state}` is replaced. */
  otherwise: string
}

type Rules<State extends string, Action extends string> = Record<Action, Rule<State>>

export const instanceRules: Rules<Instance['state'], 'restart' | 'terminal'> = {
  restart: { access: 'deploy', while: ['starting', 'ready', 'unhealthy', 'backoff', 'held', 'exited'], otherwise: 'cannot be restarted while it is {state}' },
  terminal: { access: 'deploy', while: ['starting', 'ready', 'unhealthy', 'draining'], otherwise: 'has no process to open a terminal in while it is {state}' },
}

export const appRules: Rules<AppSummary['health'], 'restart' | 'scale' | 'stop' | 'start' | 'destroy'> = {
  restart: { access: 'deploy', while: ['healthy', 'degraded', 'down', 'working'], otherwise: 'nothing runs: the app is {state}' },
  scale: { access: 'deploy', while: ['healthy', 'working', 'degraded', 'down', 'stopped'], otherwise: 'nothing to scale: the app is {state}' },
  stop: { access: 'deploy', while: ['healthy', 'working', 'degraded', 'down'], otherwise: 'nothing runs: the app is {state}' },
  start: { access: 'deploy', while: ['stopped'], otherwise: 'the app is not stopped, it is {state}' },
  destroy: { access: 'admin', while: ['healthy', 'working', 'degraded', 'down', 'stopped', 'empty'], otherwise: '' },
}

export const releaseRules: Rules<Release['state'], 'rollback'> = {
  rollback: { access: 'deploy', while: ['superseded', 'condemned', 'failed'], otherwise: 'this release is {state}' },
}

export const buildRules: Rules<Build['state'], 'cancel'> = {
  cancel: { access: 'deploy', while: ['queued', 'running'], otherwise: 'the build has {state}' },
}

export const rolloutRules: Rules<Rollout['state'], 'cancel'> = {
  cancel: { access: 'deploy', while: ['pending', 'releasing', 'starting'], otherwise: 'the rollout is {state}' },
}

export const bakeRules: Rules<Bake['state'], 'accept'> = {
  accept: { access: 'deploy', while: ['baking'], otherwise: 'it is {state}' },
}

const rank = { read: 1, deploy: 2, admin: 3 } as const

/** Null if it may be done, else the reason in words. */
export function whyNot<State extends string>(rule: Rule<State>, state: State, access: Exclude<Access, 'public'>): string | null {
  if (rank[access] < rank[rule.access]) return `needs ${rule.access} access, this session has ${access}`
  return rule.while.includes(state) ? null : rule.otherwise.replace('{state}', state)
}
