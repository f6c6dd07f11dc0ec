/** What one release changed against another, in lines for a person. Pure. */
import type { Release } from '#contract/model.ts'

export type Change = { what: 'code' | 'config' | 'secret' | 'manifest'; text: string }
type Parts = Pick<Release, 'artifact' | 'commit' | 'config' | 'secrets' | 'manifest'>

export const shortCommit = (commit: string) => commit.slice(0, 7)
const shortArtifact = (artifact: string) => (artifact.startsWith('slug:') ? `slug ${artifact.slice(5, 12)}` : artifact.replace(/^image:/, 'image '))

export function whatChanged(from: Parts, to: Parts): Change[] {
  const changes: Change[] = []
  if (from.artifact !== to.artifact) changes.push({ what: 'code', text: from.commit !== null && to.commit !== null && from.commit !== to.commit ? `${shortCommit(from.commit)} → ${shortCommit(to.commit)}` : `${shortArtifact(from.artifact)} → ${shortArtifact(to.artifact)}` })
  for (const name of namesOf(from.config, to.config)) {
    const [before, after] = [from.config[name], to.config[name]]
    if (before === after) continue
    changes.push({ what: 'config', text: before === undefined ? `${name} = ${shown(after)} (new)` : after === undefined ? `${name} unset (was ${shown(before)})` : `${name}: ${shown(before)} → ${shown(after)}` })
  }
  for (const name of to.secrets) if (!from.secrets.includes(name)) changes.push({ what: 'secret', text: `${name} (new)` })
  for (const name of from.secrets) if (!to.secrets.includes(name)) changes.push({ what: 'secret', text: `${name} unset` })
  const [before, after] = [flat(from.manifest), flat(to.manifest)]
  for (const path of namesOf(before, after)) {
    if (before[path] === after[path]) continue
    changes.push({ what: 'manifest', text: before[path] === undefined ? `${path} = ${shown(after[path])} (new)` : after[path] === undefined ? `${path} removed` : `${path}: ${shown(before[path])} → ${shown(after[path])}` })
  }
  return changes
}

const namesOf = (a: Record<string, unknown>, b: Record<string, unknown>) => [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()
const shown = (value: string | undefined) => (value === undefined ? '' : value.length > 40 ? `${value.slice(0, 39)}…` : value === '' ? '""' : value)

/** `{a: {b: 1}}` → `{'a.b': '1'}`; lists and scalars as JSON. */
function flat(value: unknown, path = '', into: Record<string, string> = {}): Record<string, string> {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    for (const [name, inner] of Object.entries(value)) flat(inner, path === '' ? name : `${path}.${name}`, into)
  } else if (path !== '') into[path] = typeof value === 'string' ? value : JSON.stringify(value)
  return into
}
