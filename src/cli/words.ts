/** The words and colours of states. A healthy system is nearly without colour: colour means look here. */
import type { Style } from './output.ts'

const styles: Readonly<Record<string, Style>> = {
  // health
  working: 'yellow', degraded: 'yellow', down: 'red', stopped: 'dim', empty: 'dim',
  // instances
  waiting: 'dim', starting: 'yellow', unhealthy: 'red', backoff: 'red', held: 'red', draining: 'dim', stopping: 'dim', exited: 'dim',
  // builds, releases, rollouts, machines
  queued: 'dim', running: 'yellow', failed: 'red', cancelled: 'dim', pending: 'yellow', releasing: 'yellow', rolling: 'yellow', superseded: 'dim', condemned: 'red', created: 'dim', lost: 'red',
}

export function stateStyle(state: string): Style | undefined {
  return Object.hasOwn(styles, state) ? styles[state] : undefined
}

export function percent(share: number): string {
  return share === 0 ? '0 %' : share < 0.001 ? '<0.1 %' : `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`
}

export function rate(perSecond: number): string {
  return perSecond === 0 ? '0/s' : perSecond < 0.1 ? '<0.1/s' : `${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s`
}

export function milliseconds(value: number | null): string | null {
  return value === null ? null : `${value < 10 ? Number(value.toFixed(1)) : Math.round(value)} ms`
}

/** Share of one core: `0.42` → `42 %`. */
export function cpu(cores: number | null): string | null {
  return cores === null ? null : `${Math.round(cores * 100)} %`
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

/** How a production app is named, and one of another environment: `shop`, `shop (staging)`. */
export function appWords(app: string, environment: string): string {
  return environment === 'production' ? app : `${app} (${environment})`
}

/** The flags that lead back to the same app in a suggested command. */
export function appWordsAsFlags(app: string, environment: string): string {
  return environment === 'production' ? `-a ${app}` : `-a ${app} -e ${environment}`
}

/** Of a release of an app that is stopped. */
export function madeWords({ app, environment }: { app: string; environment: string }, release: number): string {
  return `${appWords(app, environment)} is stopped: v${release} is made, and is rolled out when the app is started (nightshift start ${appWordsAsFlags(app, environment)})`
}
