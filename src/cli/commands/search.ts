import type { SearchResult } from '#contract/search.ts'
import { type ServerFlags, command, serverFlags } from '../command.ts'
import type { Cli } from '../context.ts'
import { harmless } from '../output.ts'
import { table } from '../table.ts'
import { when } from '../times.ts'

const word = { placeholder: 'WORD', parse: (text: string) => text, brief: 'What to look for; all of it must fit' }

export const search = command({
  parameters: { flags: serverFlags, positional: { kind: 'array', parameter: word, minimum: 1 } },
  about: 'Over apps, services, machines, checks, alerts, releases, events, documents and the newest log lines. Best first.',
  examples: ['search checkout', 'search shop v12', 'search retention'],
  async run(cli: Cli, flags: ServerFlags, ...words: string[]) {
    const { client } = await cli.connect(flags)
    const answer = await client.call('search.read', { query: { q: words.join(' ') } })
    if (flags.json) return cli.out.json(answer)
    if (answer.results.length + answer.logs.lines.length === 0) return cli.out.line(`Nothing fits "${words.join(' ')}"`)
    table(cli.out, answer.results, [
      { title: 'what', value: (one) => one.kind },
      { title: 'name', value: (one) => harmless(nameOf(one)) },
      { title: 'is', value: (one) => one.health ?? null },
      { title: 'when', value: (one) => (when(one.at, cli.now())) },
      { title: 'more', value: (one) => harmless(one.detail) },
    ])
    for (const line of answer.logs.lines) cli.out.line(`log  ${line.app}/${line.instance}  ${harmless(line.text)}`)
    if (answer.logs.partial) cli.out.note(`only the newest log lines were searched (all: nightshift logs --all --grep '${words.join(' ')}')`)
  },
})

function nameOf({ kind, title, app, environment }: SearchResult): string {
  const place = app === null || kind === 'app' ? '' : `${app} `
  return `${place}${title}${environment === null || environment === 'production' ? '' : ` (${environment})`}`
}
