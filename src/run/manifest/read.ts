/**
 * The manifest of a source folder: `nightshift.yml`, or a translation of what is there instead. Files are read
 * bounded and never through a link out of the folder. Throws `invalid` with every fault.
 */
import { AppError } from '#base/errors.ts'
import { appName } from '#contract/names.ts'
import type { Manifest } from '#contract/manifest.ts'
import type { FindingOptions } from '#contract/manifest-findings.ts'
import { manifestNames } from '#contract/manifest-text.ts'
import { parseManifest, validateManifest } from './parse.ts'
import { readSource } from './source.ts'
import { describeLookedFor, translate } from './translate.ts'

export type ManifestRead = {
  manifest: Manifest
  /** The file it came from: nightshift.yml, nightshift.json, Procfile, package.json, … */
  source: string
  /** What was read, what could not be, what was assumed: sentences for the build log. */
  notes: string[]
}

/** @param options.defaultName  the app's name, used where the manifest gives none */
export async function readManifest(dir: string, options: FindingOptions & { defaultName?: string } = {}): Promise<ManifestRead> {
  const found: { name: string; text: string }[] = []
  for (const name of manifestNames) {
    const text = await readSource(dir, name)
    if (text !== null) found.push({ name, text })
  }
  const [first, second] = found
  if (first !== undefined && second !== undefined) throw new AppError('invalid', `there is both ${first.name} and ${second.name}: keep one`)
  if (first !== undefined) {
    const { manifest, notes } = parseManifest(first.text, first.name, options)
    return { manifest: named(manifest, options.defaultName), source: first.name, notes }
  }
  const translation = await translate(dir)
  if (translation === null) throw new AppError('invalid', `nothing here says how to run this app: looked for nightshift.yml, ${describeLookedFor()} (add a Procfile with a line "web: <command>", or a nightshift.yml)`)
  const { manifest, notes } = validateManifest(translation.manifest, `the translation of ${translation.source}`, options)
  return { manifest: named(manifest, options.defaultName), source: translation.source, notes: [...translation.notes, ...notes] }
}

function named(manifest: Manifest, defaultName: string | undefined): Manifest {
  return manifest.name !== undefined || defaultName === undefined ? manifest : { ...manifest, name: appName.parse(defaultName) }
}
