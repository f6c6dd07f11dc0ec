/**
 * Apps without a nightshift.yml: the files they do have, in the order in which they count. The first that is there is
 * translated; app.json adds to it. Adding a source = one file in translate/ and one line here.
 */
import { fromAppJson } from './translate/app-json.ts'
import { fromCompose } from './translate/compose.ts'
import { fromDockerfile } from './translate/dockerfile.ts'
import { fromDotcloud } from './translate/dotcloud.ts'
import { fromPackageJson } from './translate/package-json.ts'
import { fromProcfile } from './translate/procfile.ts'
import { fromPython } from './translate/python.ts'
import { fromStatic } from './translate/static.ts'
import type { Translate, Translation } from './translate/types.ts'

const sources: { looksFor: string; translate: Translate }[] = [
  { looksFor: 'dotcloud.yml', translate: fromDotcloud },
  { looksFor: 'Procfile', translate: fromProcfile },
  { looksFor: 'package.json', translate: fromPackageJson },
  { looksFor: 'requirements.txt, pyproject.toml or main.py', translate: fromPython },
  { looksFor: 'Dockerfile', translate: fromDockerfile },
  { looksFor: 'index.html', translate: fromStatic },
  { looksFor: 'docker-compose.yml', translate: fromCompose },
]

export async function translate(dir: string): Promise<Translation | null> {
  let chosen: Translation | null = null
  const alsoThere: string[] = []
  for (const source of sources) {
    if (chosen === null) chosen = await source.translate(dir)
    else if (source.translate === fromCompose && (await fromCompose(dir).catch(() => null)) !== null) alsoThere.push('docker-compose.yml')
  }
  if (chosen === null) return null
  const notes = [...chosen.notes, ...alsoThere.map((name) => `${name} is there too and was not read, because ${chosen.source} counts before it`)]
  const extended = await fromAppJson(dir, chosen.manifest)
  return extended === null ? { ...chosen, notes } : { source: chosen.source, manifest: extended.manifest, notes: [...notes, ...extended.notes] }
}

export function describeLookedFor(): string {
  return sources.map((source) => source.looksFor).join(', ')
}
