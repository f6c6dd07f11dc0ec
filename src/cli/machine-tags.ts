import type { Cli } from './context.ts'
import { UsageError } from './errors.ts'

/** `db,eu` → ['db', 'eu']. */
export function tagsOf(text: string): string[] {
  const tags = text.split(',').map((tag) => tag.trim())
  const bad = tags.find((tag) => !/^[a-z0-9][a-z0-9._/-]{0,39}$/.test(tag))
  if (bad !== undefined) throw new UsageError(`"${bad}" is not a tag: it begins with a letter or digit and holds only a-z, 0-9, ".", "_", "/" and "-" (write several as db,eu)`)
  return tags
}

export async function proposeMachines(this: Cli): Promise<string[]> {
  return this.propose(async (server) => (await server.client.call('machines.list')).map(({ name }) => name))
}
