/** Help as text: of everything, of a noun, of a command. */
import type { CliCommand } from './command.ts'
import { serverFlags } from './command.ts'
import type { Paint } from './output.ts'
import { type Group, type Leaf, isHidden, sections } from './tree.ts'

type Row = readonly [left: string, right: string]
/** One flag as help and the reference show it. */
export type FlagRow = { usage: string; brief: string; shared: boolean }

export function rootHelp(paint: Paint): string {
  const lines = ['nightshift: run, watch and heal apps on your own machines', '', `${paint('dim', 'usage')}  nightshift <command> [flags]`]
  const width = Math.max(...sections.flatMap((section) => Object.keys(section.entries).map((name) => name.length)))
  for (const section of sections) {
    lines.push('', paint('bold', section.title))
    for (const [name, entry] of Object.entries(section.entries)) if (!isHidden(entry)) lines.push(`  ${name.padEnd(width)}  ${entry.brief}`)
  }
  lines.push('', paint('dim', 'Every command has --help and --json. Which app: --app, NIGHTSHIFT_APP, or the folder.'), paint('dim', 'Which Nightshift: --url and --token, --home, NIGHTSHIFT_URL and NIGHTSHIFT_TOKEN, or nightshift login.'))
  return lines.join('\n')
}

export function groupHelp(name: string, group: Group, paint: Paint): string {
  const rows = Object.entries(group.verbs).map(([verb, leaf]): Row => [`nightshift ${name}${verb === group.standard ? ` [${verb}]` : ` ${verb}`}`, leaf.brief])
  return [group.brief, '', ...columns(rows), '', paint('dim', `Flags and arguments: nightshift ${name} <command> --help`)].join('\n')
}

export function commandHelp(path: readonly string[], leaf: Leaf, command: CliCommand, paint: Paint): string {
  const lines = [leaf.brief, '', `${paint('dim', 'usage')}  ${usageLine(path, command)}`]
  if (command.about !== undefined) lines.push('', ...wrap(command.about, 96))
  const positional = argumentRows(command)
  if (positional.length > 0) lines.push('', paint('bold', 'Arguments'), ...columns(positional))
  const flags = flagRows(command)
  const own = flags.filter((flag) => !flag.shared)
  const shared = flags.filter((flag) => flag.shared)
  const width = Math.max(0, ...flags.map((flag) => flag.usage.length))
  if (own.length > 0) lines.push('', paint('bold', 'Flags'), ...columns(own.map((flag): Row => [flag.usage, flag.brief]), width))
  if (shared.length > 0) lines.push('', paint('bold', 'Flags of every command'), ...columns(shared.map((flag): Row => [flag.usage, flag.brief]), width))
  if (command.examples.length > 0) lines.push('', paint('bold', 'Examples'), ...command.examples.map((example) => `  nightshift ${example}`))
  return lines.join('\n')
}

export function usageLine(path: readonly string[], command: CliCommand): string {
  const { positional } = command.stricli.parameters
  const words = ['nightshift', ...path, '[flags]']
  if (command.usage !== undefined) words.push(command.usage)
  else if (positional?.kind === 'array') {
    const name = positional.parameter.placeholder ?? 'VALUE'
    words.push((positional.minimum ?? 0) > 0 ? `${name}...` : `[${name}...]`)
  } else for (const parameter of positional?.parameters ?? []) words.push(parameter.optional === true ? `[${parameter.placeholder ?? 'VALUE'}]` : (parameter.placeholder ?? 'VALUE'))
  return words.join(' ')
}

export function argumentRows(command: CliCommand): Row[] {
  const { positional } = command.stricli.parameters
  if (positional === undefined) return []
  if (positional.kind === 'array') return [[`${positional.parameter.placeholder ?? 'VALUE'}...`, positional.parameter.brief]]
  return positional.parameters.map((parameter): Row => [parameter.placeholder ?? 'VALUE', parameter.brief])
}

export function flagRows(command: CliCommand): FlagRow[] {
  const { flags = {}, aliases = {} } = command.stricli.parameters
  return Object.entries(flags)
    .filter(([, flag]) => flag.hidden !== true)
    .map(([name, flag]) => {
      const short = Object.entries(aliases).find(([, target]) => target === name)?.[0]
      const long = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
      const value = flag.kind === 'enum' ? ` ${flag.values.join('|')}` : flag.kind === 'parsed' ? ` ${flag.placeholder ?? 'VALUE'}` : ''
      const negation = flag.kind === 'boolean' && flag.optional === true && flag.withNegated !== false ? `, --no-${long}` : ''
      return { usage: `${short === undefined ? '    ' : `-${short}, `}--${long}${value}${negation}`, brief: flag.brief, shared: Object.hasOwn(serverFlags, name) }
    })
}

function columns(rows: readonly Row[], width = Math.max(0, ...rows.map(([left]) => left.length))): string[] {
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd())
}

function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((paragraph) => {
    const lines = ['']
    for (const word of paragraph.split(' ')) {
      const last = lines.at(-1) as string
      if (last !== '' && last.length + word.length + 1 > width) lines.push(word)
      else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`
    }
    return lines
  })
}
