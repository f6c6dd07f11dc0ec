/** From words to a command: which table entry they mean, what is left as its arguments, and what was meant if none. */
import { nearest } from '#base/nearest.ts'
import type { CliCommand } from './command.ts'
import { UsageError } from './errors.ts'
import { type Group, type Leaf, entries, isHidden, synonyms } from './tree.ts'

export type Resolved =
  | { kind: 'command'; path: string[]; leaf: Leaf; rest: string[] }
  | { kind: 'group'; path: string[]; group: Group; rest: string[] }
  | { kind: 'process'; path: string[]; brief: string; rest: string[] }

const sharedWithValue = new Set(['--app', '-a', '--env', '-e', '--url', '--token', '--home'])

/** `-a shop ps` → `ps -a shop`: shared flags may stand before the command too. */
export function commandFirst(argv: readonly string[]): string[] {
  let at = 0
  while (at < argv.length) {
    const word = argv[at] as string
    if (sharedWithValue.has(word)) at += 2
    else if (word === '--json' || [...sharedWithValue].some((flag) => flag.startsWith('--') && word.startsWith(`${flag}=`))) at += 1
    else break
  }
  if (at === 0 || at >= argv.length) return [...argv]
  const words = commandLength(argv.slice(at))
  return [...argv.slice(at, at + words), ...argv.slice(0, at), ...argv.slice(at + words)]
}

function commandLength([first = '', second]: readonly string[]): number {
  const entry = entries.get(first)
  return entry?.kind === 'group' && second !== undefined && second in entry.verbs ? 2 : 1
}

/** Throws `UsageError` with the nearest command for words that mean none. */
export function resolve(argv: readonly string[]): Resolved {
  const [first = '', ...others] = argv
  const synonym = entries.has(first) ? undefined : Object.hasOwn(synonyms, first) ? synonyms[first] : undefined
  if (synonym !== undefined) return resolve([...synonym.split(' '), ...others])
  const entry = entries.get(first)
  if (entry === undefined) throw new UsageError(`there is no command "${first}" (${suggestion(first) ?? 'see: nightshift --help'})`)
  if (entry.kind === 'process') return { kind: 'process', path: [first], brief: entry.brief, rest: others }
  if (entry.kind === 'command') return { kind: 'command', path: [first], leaf: entry, rest: others }
  return inGroup(first, entry, others)
}

function inGroup(name: string, group: Group, words: readonly string[]): Resolved {
  const [verb, ...rest] = words
  if (verb !== undefined && Object.hasOwn(group.verbs, verb)) return { kind: 'command', path: [name, verb], leaf: group.verbs[verb] as Leaf, rest }
  if (verb !== undefined && !verb.startsWith('-') && group.open !== true) {
    const known = Object.keys(group.verbs)
    const near = nearest(verb, known)
    throw new UsageError(`there is no command "${name} ${verb}" (${near === undefined ? `one of: ${known.join(', ')}` : `did you mean: nightshift ${name} ${near}`})`)
  }
  const asksHelp = words.includes('--help') || words.includes('-h')
  if (group.standard === undefined || (asksHelp && group.open !== true)) return { kind: 'group', path: [name], group, rest: [...words] }
  return { kind: 'command', path: [name, group.standard], leaf: group.verbs[group.standard] as Leaf, rest: [...words] }
}

function suggestion(word: string): string | undefined {
  const visible = [...entries].filter(([, entry]) => !isHidden(entry))
  const firstWords = visible.map(([name]) => name)
  const near = nearest(word, firstWords)
  if (near !== undefined) return `did you mean: nightshift ${near}`
  const asVerb = visible.flatMap(([name, entry]) => (entry.kind === 'group' && Object.hasOwn(entry.verbs, word) ? [`nightshift ${name} ${word}`] : []))
  return asVerb.length === 0 ? undefined : `did you mean: ${asVerb.join(', or ')}`
}

/**
 * Puts `--` where somebody else's command line starts: after `count` arguments of ours. So `run ls -la` needs no `--`,
 * and `-la` isn't taken for flags of ours.
 */
export function withEscape(words: readonly string[], count: number, command: CliCommand): string[] {
  const { flags = {}, aliases = {} } = command.stricli.parameters
  const takesValue = (word: string): boolean => {
    if (word.includes('=')) return false
    const name = word.startsWith('--') ? word.slice(2) : (aliases as Record<string, string>)[word.slice(-1)]
    const flag = name === undefined ? undefined : flags[name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())]
    return flag !== undefined && flag.kind === 'parsed'
  }
  let seen = 0
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string
    if (word === '--') return [...words]
    if (word.startsWith('-') && word !== '-') {
      if (takesValue(word)) at++
    } else if (seen++ === count) return [...words.slice(0, at), '--', ...words.slice(at)]
  }
  return [...words]
}
