/** The endpoints as tables, one for each noun: what stands in `docs/api.md`. */
import { type EndpointSpec, endpoints } from './endpoints.ts'

export function endpointTables(): string {
  const all = Object.entries(endpoints as Record<string, EndpointSpec>)
  const nouns = Map.groupBy(all, ([id]) => id.split('.')[0] as string)
  return [...nouns].map(([noun, rows]) => `### ${noun}\n\n| Call | Needs | Does | Id |\n|---|---|---|---|\n${rows.map(rowOf).join('\n')}`).join('\n\n')
}

function rowOf([id, { method, path, access, summary }]: [string, EndpointSpec]): string {
  return `| \`${method} ${path}\` | ${access === 'public' ? 'nothing' : access} | ${summary.replaceAll('|', '\\|')} | \`${id}\` |`
}
