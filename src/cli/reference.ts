/** `docs/cli.md`, made from the command definitions; a test says whether the file is up to date. */
import type { CliCommand } from './command.ts'
import { argumentRows, flagRows, usageLine } from './help.ts'
import { type Leaf, isHidden, sections } from './tree.ts'

const preface = `# The command line

Generated from the commands themselves: \`npm run generate\`.

\`nightshift <command> --help\` says the same in a terminal.

**Which app.** \`--app NAME\` (\`-a\`), else \`NIGHTSHIFT_APP\`, else \`name\` in \`./nightshift.yml\`, else the link
\`.nightshift-app\`. Only the first deploy of a new app takes the folder's name, and says so.
**Which environment.** \`--env NAME\` (\`-e\`), else \`NIGHTSHIFT_ENVIRONMENT\`, else \`production\`.

**Which Nightshift.** The first of these that is there: \`--url\` (with \`--token\`) · \`--home DIR\` ·
\`NIGHTSHIFT_URL\` and \`NIGHTSHIFT_TOKEN\` · \`NIGHTSHIFT_HOME\` · what \`nightshift login\` saved · the default data folder
of this machine (\`/var/lib/nightshift\` for root, else \`~/.nightshift\`). A data folder gives the address and the admin token
of the Nightshift that runs in it.

**Output.** Answers go to stdout, remarks and errors to stderr. \`--json\` prints the raw API answer; streams print one JSON
object a line. Colour only on a terminal, and never with \`NO_COLOR\`.
**Exit codes.** 0, 1 for a failure, 2 for a wrong call, 130 after Ctrl-C; \`run\` and \`exec\` end as their command does.
`

export async function cliReferencePage(): Promise<string> {
  const parts = [preface]
  for (const section of sections) {
    parts.push(`\n## ${section.title}\n`)
    for (const [name, entry] of Object.entries(section.entries)) {
      if (isHidden(entry)) continue
      if (entry.kind === 'process') parts.push(`\n### nightshift ${name}\n\n${entry.brief}. See \`nightshift ${name} --help\`.\n`)
      else if (entry.kind === 'command') parts.push(await commandPart([name], entry))
      else for (const [verb, leaf] of Object.entries(entry.verbs)) parts.push(await commandPart([name, verb], leaf, verb === entry.standard ? `\`nightshift ${name}\` alone does the same.` : undefined))
    }
  }
  return `${parts.join('').trimEnd()}\n`
}

async function commandPart(path: readonly string[], leaf: Leaf, remark?: string): Promise<string> {
  const command = await leaf.load()
  const paragraphs = [`${leaf.brief}.`, ...(command.about?.split('\n') ?? []), ...(remark === undefined ? [] : [remark])]
  return `\n### nightshift ${path.join(' ')}\n\n${paragraphs.map(escapeTags).join('\n\n')}\n\n\`\`\`\n${usageLine(path, command)}\n\`\`\`\n${rowsOf(command)}${examplesOf(command)}`
}

/** Flags that every command has stand in the preface. */
function rowsOf(command: CliCommand): string {
  const flags = flagRows(command).filter((flag) => !flag.shared && !/--(app|env) /.test(flag.usage))
  const rows = [...argumentRows(command), ...flags.map((flag) => [flag.usage.trim(), flag.brief] as const)]
  return rows.length === 0 ? '' : `\n${rows.map(([left, right]) => `- \`${left}\` ${escapeTags(right)}`).join('\n')}\n`
}

function examplesOf(command: CliCommand): string {
  return command.examples.length === 0 ? '' : `\n\`\`\`sh\n${command.examples.map((example) => `nightshift ${example}`).join('\n')}\n\`\`\`\n`
}

function escapeTags(text: string): string {
  return text.replaceAll('<', '&lt;')
}
