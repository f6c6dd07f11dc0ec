/** The command line: a client of the public API and nothing else. Loads the one command that is called. */
import { type ArgumentScannerError, buildApplication, formatMessageForArgumentScannerError, run, text_en } from '@stricli/core'
import { nearest } from '#base/nearest.ts'
import type { CliCommand } from './command.ts'
import { Cli } from './context.ts'
import { UsageError, reportError } from './errors.ts'
import { commandHelp, groupHelp, rootHelp, usageLine } from './help.ts'
import { type Io, Output, processIo } from './output.ts'
import { commandFirst, resolve, withEscape } from './resolve.ts'
import { version } from './version.ts'

/** Runs one command line and answers its exit code: 0, 1 for a failure, 2 for a wrong call, or that of `run` and `exec`. */
export async function runCli(argv: string[], io: Io = processIo()): Promise<number> {
  const own = io.stdout === process.stdout
  // A reader that has seen enough (`| head`) is no failure.
  if (own) process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  const out = new Output(io)
  let exitCode: number
  try {
    exitCode = await dispatch(argv, io, out)
  } catch (error) {
    exitCode = reportError(out, error)
  }
  if (own) process.exitCode = exitCode
  return exitCode
}

async function dispatch(argv: string[], io: Io, out: Output): Promise<number> {
  const words = asHelpFlag(commandFirst(argv))
  const [first] = words
  if (first === undefined || first === '--help' || first === '-h') return say(out, rootHelp(out.paint))
  if (first === '--version' || first === '-V') return say(out, await version())
  if (first.startsWith('-')) throw new UsageError(`${first} needs a command (see: nightshift --help)`)
  const resolved = resolve(words)
  if (resolved.kind === 'group') return say(out, groupHelp(resolved.path.join(' '), resolved.group, out.paint))
  if (resolved.kind === 'process') throw new UsageError(`"${resolved.path.join(' ')}" is a process of Nightshift itself; call it as: nightshift ${resolved.path.join(' ')}`)
  const command = await resolved.leaf.load()
  const rest = command.passthrough === undefined ? resolved.rest : withEscape(resolved.rest, command.passthrough, command)
  const ours = rest.slice(0, rest.includes('--') ? rest.indexOf('--') : rest.length)
  if (ours.includes('--help') || ours.includes('-h')) return say(out, commandHelp(resolved.path, resolved.leaf, command, out.paint))
  return runCommand(resolved.path, command, rest, io)
}

/** `help deploy` → `deploy --help`. */
function asHelpFlag(words: string[]): string[] {
  return words[0] === 'help' ? [...words.slice(1), '--help'] : words
}

function say(out: Output, text: string): number {
  out.line(text)
  return 0
}

async function runCommand(path: readonly string[], command: CliCommand, inputs: string[], io: Io): Promise<number> {
  const cli = new Cli(io, inputs)
  await run(stricliApplication(path, command), inputs, cli)
  return cli.process.exitCode === undefined || cli.process.exitCode === 0 ? cli.exitCode : 2
}

/** One command as a stricli application: it parses flags and arguments; help, routes and errors are ours. */
export function stricliApplication(path: readonly string[], command: CliCommand) {
  return buildApplication<Cli>(
    command.stricli,
    {
      name: ['nightshift', ...path].join(' '),
      scanner: { caseStyle: 'allow-kebab-for-camel', allowArgumentEscapeSequence: true },
      documentation: { disableAnsiColor: true },
      localization: { text: { ...text_en, exceptionWhileParsingArguments: (error) => `error: ${wrongCall(error, path, command)}` } },
    },
    {},
  )
}

function isRequired({ stricli: { parameters } }: CliCommand, flag: string): boolean {
  const found = Object.entries(parameters.flags ?? {}).find(([name]) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`) === flag)
  return found?.[1].optional === false
}

function wrongCall(error: unknown, path: readonly string[], command: CliCommand): string {
  const usage = `usage: ${usageLine(path, command)}`
  const help = `see: nightshift ${path.join(' ')} --help`
  const flags = Object.keys(command.stricli.parameters.flags ?? {}).map((name) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`))
  if (!(error instanceof Error)) return String(error)
  return formatMessageForArgumentScannerError(error as ArgumentScannerError, {
    FlagNotFoundError: ({ input }) => {
      const near = flags.find((name) => name.startsWith(input)) ?? nearest(input, flags)
      return `there is no flag --${input} (${near === undefined ? help : `did you mean --${near}? ${help}`})`
    },
    AliasNotFoundError: ({ input }) => `there is no flag -${input} (${help})`,
    ArgumentParseError: ({ externalFlagNameOrPlaceholder: name, exception }) => `${flags.includes(name) ? `--${name}` : name}: ${exception instanceof Error ? exception.message : String(exception)}`,
    EnumValidationError: ({ externalFlagName: name, input, values }) => `--${name} is one of ${values.join(', ')}, not "${input}"`,
    UnsatisfiedFlagError: ({ externalFlagName: name }) => (isRequired(command, name) ? `--${name} must be said, with a value (${help})` : `--${name} needs a value (${help})`),
    UnsatisfiedPositionalError: ({ placeholder }) => `${placeholder} is missing (${usage})`,
    UnexpectedPositionalError: ({ input }) => `"${input}" is one argument too many (${usage})`,
    UnexpectedFlagError: ({ externalFlagName: name }) => `--${name} is given twice`,
    InvalidNegatedFlagSyntaxError: ({ externalFlagName: name }) => `--${name} takes no value`,
  })
}
