/** From what the search found to where it is. Pure. */
import { rank } from '#contract/ranking.ts'
import type { SearchKind, SearchResult } from '#contract/search.ts'
import { paths } from '../paths.ts'

export const kindNames: Record<SearchKind, string> = { app: 'Apps', service: 'Services', machine: 'Machines', check: 'Checks', alert: 'Alerts', release: 'Releases', event: 'Journal', doc: 'Documents' }

/** Null: there is no page of its own, and what is known of it is shown in place. */
export function addressOf({ kind, app, environment, service, ref }: SearchResult): string | null {
  const env = environment ?? undefined
  if (kind === 'app' && app !== null) return paths.app(app, env)
  if (kind === 'service' && app !== null) return paths.map({ select: ref })
  if (kind === 'release' && app !== null) return paths.app(app, env, 'releases')
  if (kind === 'alert') return app !== null && service !== null ? paths.why(app, service, env) : app !== null ? paths.app(app, env) : paths.tonight()
  if (kind === 'event') return paths.journal({ event: ref })
  if (kind === 'check') return paths.check(ref)
  if (kind === 'machine') return paths.map({ select: `machine/${ref}` })
  return null
}

/** Of an answer to what was typed before, what what is typed now names as well; in the order it had. */
export function stillNamed(results: readonly SearchResult[], text: string): SearchResult[] {
  const fitting = new Set(rank(results, text, ({ title, app, environment }) => ({ title, context: [app, environment].filter((name) => name !== null) })).map(({ item }) => item))
  return results.filter((one) => fitting.has(one))
}

/** Those of a kind together, the kinds in the order of their best. */
export function grouped(results: readonly SearchResult[]): { kind: SearchKind; results: SearchResult[] }[] {
  return [...Map.groupBy(results, (one) => one.kind)].map(([kind, own]) => ({ kind, results: own }))
}

/** What stands behind its title: where it belongs. */
export function placeOf({ kind, app, environment }: SearchResult): string {
  if (kind === 'app') return environment === null || environment === 'production' ? '' : environment
  if (app === null || kind === 'event') return ''
  return environment === null || environment === 'production' ? `of ${app}` : `of ${app} ${environment}`
}
