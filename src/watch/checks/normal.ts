/** From what a person wrote to a row: defaults, what a kind can and cannot, secrets apart. Pure but for sealing. */
import { AppError } from '#base/errors.ts'
import type { SecretBox } from '#base/secretbox.ts'
import { parseDuration } from '#base/units.ts'
import { checkFaults } from '#contract/check-faults.ts'
import { type AnyCheckConfig, type CheckKind, checkKindSpecs, controlKinds, machineKinds, secretFields } from '#contract/check-kinds.ts'
import type { CheckRowIn } from './model.ts'
import { secretsPlace } from './model.ts'

const shortestMs = 1000
const longestMs = 400 * 86_400_000
const longestTimeoutMs = 60_000

export function everyMs(text: string): number {
  const ms = parseDuration(text)
  if (ms < shortestMs || ms > longestMs) throw new AppError('invalid', `every is ${text}, and must be between 1s and 400d`)
  return ms
}

/** Less than the interval where that is short, so that runs stay on time. */
export function timeoutMs(text: string | null | undefined, every: number): number {
  if (text == null) return Math.min(10_000, Math.max(500, Math.floor(every * 0.8)))
  const ms = parseDuration(text)
  if (ms < 10 || ms > longestTimeoutMs) throw new AppError('invalid', `timeout is ${text}, and must be between 10ms and 60s`)
  return ms
}

/** Throws `invalid` with each field that is wrong. Secret fields that are not given come from `kept`; what is null is taken away. */
export function parseConfig(kind: CheckKind, given: AnyCheckConfig, kept: Record<string, string> = {}): { config: AnyCheckConfig; secrets: Record<string, string> } {
  const secretNames = secretFields(kind)
  const parsed = checkKindSpecs[kind].config.safeParse(Object.fromEntries(Object.entries({ ...kept, ...given }).filter(([, value]) => value !== null)), { reportInput: true })
  if (!parsed.success) {
    const faults = checkFaults(kind, parsed.error)
    throw new AppError('invalid', `this is no check of kind ${kind}: ${faults.map(({ message }) => message).join('; ')}`, { fields: faults.map(({ path, message }) => ({ path: ['config', ...path].join('.'), message })) })
  }
  const all = Object.entries(parsed.data as AnyCheckConfig).filter(([, value]) => value !== undefined)
  return { config: Object.fromEntries(all.filter(([name]) => !secretNames.includes(name))), secrets: Object.fromEntries(all.filter(([name]) => secretNames.includes(name))) as Record<string, string> }
}

export function sealSecrets(box: SecretBox, id: string, secrets: Record<string, string>): Buffer | null {
  return Object.keys(secrets).length === 0 ? null : box.seal(JSON.stringify(secrets), secretsPlace(id))
}

/** Vantage points that the kind can be looked at from. */
export function fromOf(kind: CheckKind, from: readonly string[] | undefined): string[] {
  const onMachines = machineKinds.includes(kind)
  const atControl = controlKinds.includes(kind)
  if (from === undefined) return [onMachines ? 'near' : 'control']
  if (onMachines && from.includes('control')) throw new AppError('invalid', `a check of kind ${kind} looks at a machine from within: check it from near, or from machine:<name>`)
  if (atControl && from.some((one) => one !== 'control')) throw new AppError('invalid', `a check of kind ${kind} is answered by control: leave from out`)
  return [...new Set(from)]
}

/** What the caller or the place may not have. */
export function refuse(row: Pick<CheckRowIn, 'kind' | 'config' | 'confined' | 'app'>): void {
  if (row.confined && machineKinds.includes(row.kind)) throw new AppError('forbidden', `a check of kind ${row.kind} looks at a whole machine, and this access is limited to apps (an operator with access to all apps can make it)`)
  const { url } = row.config
  if (typeof url === 'string' && url.startsWith('/') && row.app === null) throw new AppError('invalid', `url is ${url}: a path alone is asked of an app, and this check has none (name the app, or write https://…)`)
  if (row.kind === 'log' && row.app === null) throw new AppError('invalid', 'a log check counts lines of an app: name the app')
}
