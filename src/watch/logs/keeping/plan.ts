/** How long and how much of an app's logs is kept: a setting of an operator, else its manifests, else the default. Pure. */
import { parseDuration, parseSize } from '#base/units.ts'

export type Keeping = { keepMs: number; maxBytes: number }
export type Source = 'setting' | 'manifest' | 'default'
export type KeepingWithSource = Keeping & { keepFrom: Source; sizeFrom: Source }

/** Of one environment: the `logs` key of the manifest in force. */
export type ManifestKeeping = { app: string; keep?: string | undefined; size?: string | undefined }
export type KeepingSetting = { app: string; keepMs: number | null; maxBytes: number | null }

export const defaultKeeping: Keeping = { keepMs: 7 * 86_400_000, maxBytes: 2 * 1024 ** 3 }

/** Every app that says anything. Where its environments differ, the most counts: what one of them wants kept is kept. */
export function keepings(settings: readonly KeepingSetting[], manifests: readonly ManifestKeeping[], fallback: Keeping = defaultKeeping): Map<string, KeepingWithSource> {
  const all = new Map<string, KeepingWithSource>()
  const of = (app: string): KeepingWithSource => {
    const known = all.get(app) ?? { ...fallback, keepFrom: 'default', sizeFrom: 'default' }
    all.set(app, known)
    return known
  }
  for (const { app, keep, size } of manifests) {
    const known = of(app)
    if (keep !== undefined) [known.keepMs, known.keepFrom] = [Math.max(parseDuration(keep), known.keepFrom === 'manifest' ? known.keepMs : 0), 'manifest']
    if (size !== undefined) [known.maxBytes, known.sizeFrom] = [Math.max(parseSize(size), known.sizeFrom === 'manifest' ? known.maxBytes : 0), 'manifest']
  }
  for (const { app, keepMs, maxBytes } of settings) {
    const known = of(app)
    if (keepMs !== null) [known.keepMs, known.keepFrom] = [keepMs, 'setting']
    if (maxBytes !== null) [known.maxBytes, known.sizeFrom] = [maxBytes, 'setting']
  }
  return all
}
