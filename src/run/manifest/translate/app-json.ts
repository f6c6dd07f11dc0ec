/**
 * app.json (Heroku, Dokku) adds to another source: formation, env defaults, scripts. It never stands alone.
 * What Nightshift does otherwise (add-ons, stacks, …) is named in a note.
 */
import type { ManifestInput } from '#contract/manifest.ts'
import { isReservedVariable, variableName } from '#contract/names.ts'
import { readJson } from '../source.ts'
import { isRecord } from './types.ts'

const silent = new Set(['name', 'description', 'keywords', 'logo', 'repository', 'website', 'success_url', 'formation', 'env', 'scripts', '$schema'])

type Extended = { manifest: ManifestInput; notes: string[] }

export async function fromAppJson(dir: string, base: ManifestInput): Promise<Extended | null> {
  const json = await readJson(dir, 'app.json')
  if (json === null) return null
  const notes = ['read app.json: formation, env and scripts']
  const ignored = Object.keys(json).filter((key) => !silent.has(key))
  if (ignored.length > 0) notes.push(`app.json: ${ignored.join(', ')} ${ignored.length === 1 ? 'was' : 'were'} not read`)
  const manifest: ManifestInput = structuredClone(base)
  applyFormation(manifest, record(json['formation']), notes)
  applyEnv(manifest, record(json['env']), notes)
  applyScripts(manifest, record(json['scripts']), notes)
  return { manifest, notes }
}

function applyFormation(manifest: ManifestInput, formation: Record<string, unknown>, notes: string[]): void {
  for (const [type, settings] of Object.entries(formation)) {
    const service = manifest.services[type]
    const quantity = record(settings)['quantity']
    if (service === undefined) notes.push(`app.json: formation.${type} names no process type`)
    else if (typeof quantity === 'number' && Number.isInteger(quantity)) service.scale = Math.max(0, quantity)
  }
}

function applyEnv(manifest: ManifestInput, env: Record<string, unknown>, notes: string[]): void {
  for (const [name, setting] of Object.entries(env)) {
    if (!variableName.safeParse(name).success || isReservedVariable(name)) {
      notes.push(`app.json: env.${name.slice(0, 40)} was not read: not a name an app may set`)
      continue
    }
    const detail = record(setting)
    const value = typeof setting === 'string' ? setting : detail['value']
    const each = (apply: (service: ManifestInput['services'][string]) => void) => Object.values(manifest.services).forEach(apply)
    if (detail['generator'] === 'secret' || (value === undefined && detail['required'] !== false)) {
      each((service) => (service.secrets = [...(service.secrets ?? []), name]))
      notes.push(`app.json: ${name} must be set before the first deploy (nightshift secrets set ${name})`)
    } else if (value !== undefined) each((service) => (service.env = { ...service.env, [name]: String(value) }))
  }
}

function applyScripts(manifest: ManifestInput, scripts: Record<string, unknown>, notes: string[]): void {
  const dokku = record(scripts['dokku'])
  const predeploy = dokku['predeploy']
  if (typeof predeploy === 'string') {
    if (manifest.release === undefined) manifest.release = predeploy
    else notes.push('app.json: scripts.dokku.predeploy was not read, because the Procfile has a release process')
  }
  for (const name of Object.keys(scripts)) if (name !== 'dokku') notes.push(`app.json: scripts.${name} was not read (use a release process)`)
  for (const name of Object.keys(dokku)) if (name !== 'predeploy') notes.push(`app.json: scripts.dokku.${name} was not read (use a release process)`)
}

function record(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {}
}
