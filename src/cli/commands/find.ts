import type { Selection } from '#contract/selecting.ts'
import { argumentList, command, serverFlags, type ServerFlags } from '../command.ts'
import type { Cli } from '../context.ts'
import type { Output } from '../output.ts'
import { table } from '../table.ts'
import { appWords, plural, stateStyle } from '../words.ts'

export const find = command({
  parameters: { positional: argumentList('QUERY', 'In the query language of docs/selectors.md', 1), flags: serverFlags },
  about: 'Shows what a query over machines, apps, services, instances and checks matches, counts first.',
  examples: ["find 'tag:db -node:test* app:shop'", 'find kind:instance state:unhealthy', "find 'release:v12 or release:v13'"],
  async run(cli: Cli, flags: ServerFlags, ...words: string[]) {
    const { client } = await cli.connect(flags)
    const selection = await client.call('selectors.match', { query: { query: words.join(' ') } })
    if (flags.json) return cli.out.json(selection)
    if (selection.because !== null) return cli.out.line(`Nothing: ${selection.because}`)
    cli.out.line(countsLine(selection))
    show(cli.out, selection)
  },
})

function countsLine({ counts, query }: Selection): string {
  const parts = ([[counts.machines, 'machine'], [counts.apps, 'app'], [counts.services, 'service'], [counts.instances, 'instance'], [counts.checks, 'check']] as const).filter(([count]) => count > 0)
  return parts.length === 0 ? `Nothing matches ${query}` : `${query} matches ${parts.map(([count, noun]) => plural(count, noun)).join(', ')}`
}

function show(out: Output, { machines, apps, services, instances, checks }: Selection): void {
  const rows = [
    ...machines.map(({ name, state, tags }) => ({ kind: 'machine', name, state, more: tags.join(',') })),
    ...apps.map(({ app, environment, state }) => ({ kind: 'app', name: appWords(app, environment), state, more: '' })),
    ...services.map(({ app, environment, service, state }) => ({ kind: 'service', name: `${appWords(app, environment)}/${service}`, state, more: '' })),
    ...instances.map(({ app, environment, instance, machine, state, release }) => ({ kind: 'instance', name: `${appWords(app, environment)}/${instance}`, state, more: `v${release} on ${machine}` })),
    ...checks.map(({ name, app, state }) => ({ kind: 'check', name, state, more: app ?? '' })),
  ]
  table(out, rows, [
    { title: 'kind', value: ({ kind }) => kind },
    { title: 'name', value: ({ name }) => name },
    { title: 'state', value: ({ state }) => state, style: ({ state }) => stateStyle(state) },
    { title: '', value: ({ more }) => more },
  ])
}
