/** Lines as NDJSON by HTTP POST, gzipped: one object a line, as the API gives them. `cursor` names a line for good, so that a receiver can tell a repetition. */
import { openPost } from '../post.ts'
import type { DrainKind } from '../port.ts'

export const httpDrain: DrainKind = {
  name: 'http',
  schemes: ['https', 'http'],
  example: 'https://logs.example.com/in',
  open(target) {
    const { post, close } = openPost(target, target.url)
    return {
      send: (lines, signal) => post(`${lines.map((line) => JSON.stringify(line)).join('\n')}\n`, 'application/x-ndjson', signal),
      close,
    }
  },
}
