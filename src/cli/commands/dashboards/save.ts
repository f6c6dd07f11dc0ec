import type { CallInput } from '#contract/endpoints.ts'
import { type ServerFlags, argument, command, serverFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { readNamedMap } from '../../named-file.ts'
import { plural } from '../../words.ts'

export const dashboardsSave = command({
  parameters: { flags: serverFlags, positional: { kind: 'tuple', parameters: [argument('DASHBOARD', 'Its id: a-z, 0-9 and -'), argument('FILE', 'YAML or JSON with title, app and rows (docs/metrics.md)')] } },
  about: 'Makes a dashboard, or puts it in place of the one with this id.',
  examples: ['dashboards save checkout checkout.yml'],
  async run(cli: Cli, flags: ServerFlags, dashboard: string, file: string) {
    const body = await readNamedMap(cli, file, 'title and rows (see docs/metrics.md)', (value) => value as CallInput<'dashboards.save'>['body'])
    const { client } = await cli.connect(flags)
    const answer = await client.call('dashboards.save', { params: { dashboard }, body })
    if (flags.json) return cli.out.json(answer)
    cli.out.line(`saved ${answer.title}, with ${plural(answer.rows.flat().length, 'graph')}`)
  },
})
