/** Makes `calls.ts` from the endpoint table. */
import { type EndpointSpec, endpoints } from './endpoints.ts'

export function callsSource(): string {
  const rows = Object.entries(endpoints as Record<string, EndpointSpec>).map(([id, { method, path, body, upload }]) => {
    const fields = [`method: '${method}'`, `path: '${path}'`, ...(body === undefined ? [] : ['body: true']), ...(upload === undefined ? [] : [`upload: '${upload}'`])]
    return `  '${id}': { ${fields.join(', ')} },\n`
  })
  return `/**
 * Generated from endpoints.ts (npm run generate): what a caller must know of each endpoint, without the schemas. Loading
 * those takes longer than a whole command of the CLI, and would be the largest part of the console.
 */
import type { EndpointId, Method } from './endpoints.ts'

export type CallSpec = { method: Method; path: string; body?: true; upload?: string }

export const calls: Record<EndpointId, CallSpec> = {
${rows.join('')}}
`
}
