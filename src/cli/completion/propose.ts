/** What may stand next on a command line: commands, flags, values; names of apps and services from the server. */
import { proposeCompletions } from '@stricli/core'
import { Cli } from '../context.ts'
import { stricliApplication } from '../main.ts'
import type { Io } from '../output.ts'
import { commandFirst, resolve } from '../resolve.ts'
import { entries, isHidden } from '../tree.ts'

export type Proposal = { text: string; brief: string }

/** `words` are those after `nightshift`, the last one unfinished (it may be ''). Never throws. */
export async function propose(io: Io, words: readonly string[]): Promise<Proposal[]> {
  const partial = words.at(-1) ?? ''
  const before = commandFirst(words.slice(0, -1))
  try {
    const found = before.length === 0 ? firstWords() : await inCommand(io, before, partial)
    return found.filter(({ text }) => text.startsWith(partial) && text !== '--')
  } catch {
    return []
  }
}

function firstWords(): Proposal[] {
  return [...entries].filter(([, entry]) => !isHidden(entry)).map(([text, { brief }]) => ({ text, brief }))
}

async function inCommand(io: Io, before: string[], partial: string): Promise<Proposal[]> {
  const group = entries.get(before[0] as string)
  const verbs = group?.kind === 'group' && before.length === 1 ? Object.entries(group.verbs).map(([text, { brief }]) => ({ text, brief })) : []
  const resolved = resolve(before)
  if (resolved.kind !== 'command') return verbs
  const command = await resolved.leaf.load()
  const proposals = await proposeCompletions(stricliApplication(resolved.path, command), [...resolved.rest, partial], new Cli(io, before))
  // Flags are many: they are proposed only once a - is typed.
  const values = proposals.filter(({ completion }) => partial.startsWith('-') || !completion.startsWith('-')).map(({ completion, brief }) => ({ text: completion, brief }))
  return [...verbs, ...values]
}
