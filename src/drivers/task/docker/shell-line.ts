/**
 * A command line that its shell becomes, instead of waiting beside it. The init of a container passes a signal to its child alone and ends
 * with it: a shell in between would die of the stop signal at once, and take the program with it before that has heard of anything.
 */

/** Words that only the shell itself knows, or knows better. */
const ofShell = new Set(
  '. : alias bg break case cd command continue do done echo elif else esac eval exec exit export false fg fi for function getopts hash if in jobs kill local printf pwd read readonly return select set shift source test then time times trap true type ulimit umask unalias unset until wait while'.split(
    ' ',
  ),
)
// what stands in $(…) or ${…} may hold quotes of its own: a text that has such in it is not seen as one
const quoted = /'[^']*'|"(?:[^"\\`$]|\\[^`]|\$\{[^{}"'`]*\}|\$\([^()"'`]*\)|\$(?![({]))*"/g
const moreThanOneCommand = /[;&|<>(){}`\\'"\n]/

/** `exec node server.js`, `cd web && exec node .`; a line of any other shape is left as it is. Pure. */
export function becoming(line: string): string {
  const bare = line.replaceAll(quoted, (text) => 'q'.repeat(text.length))
  const last = bare.lastIndexOf('&&')
  const [before, command] = last < 0 ? ['', line] : [`${line.slice(0, last + 2)} `, line.slice(last + 2)]
  const program = /^\s*([\w./@+-]+)(?=\s|$)/.exec(command)?.[1]
  if (program === undefined || ofShell.has(program) || moreThanOneCommand.test(bare.replaceAll('&&', ''))) return line
  return `${before}exec ${command.trimStart()}`
}

/** The command of a container: a last `/bin/sh -c LINE` becomes its program. Pure. */
export function argvBecoming(argv: readonly string[]): string[] {
  const [line, option, shell] = argv.toReversed()
  return line !== undefined && option === '-c' && shell === '/bin/sh' ? [...argv.slice(0, -1), becoming(line)] : [...argv]
}
