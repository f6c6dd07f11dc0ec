import type { ManifestInput } from '#contract/manifest.ts'

export type Translation = { source: string; manifest: ManifestInput; notes: string[] }
export type Translate = (dir: string) => Promise<Translation | null>
export type ServiceInput = ManifestInput['services'][string]

export function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

/** A foreign name as a service name: `Web_Server` → `web-server`; null when nothing can be made of it. */
export function asServiceName(name: string): string | null {
  const made = name.toLowerCase().replace(/[^a-z0-9-]+/g, '-').replace(/^[^a-z]+/, '').replace(/-+$/, '').slice(0, 30)
  return made === '' ? null : made
}
