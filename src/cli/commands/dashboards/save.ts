import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { messageOf } from '#base/errors.ts'
import type { CallInput } from '#contract/endpoints.ts'
import { type ServerFlags, argument, command, serverFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { UsageError } from '../../errors.ts'
import { unreadable } from '../../unreadable.ts'
import { plural } from '../../words.ts'

export const dashboardsSave = command({
  parameters: { flags: serverFlags, positional: { kind: 'tuple', parameters: [argument('DASHBOARD', 'Its id: a-z, 0-9 and -'), argument('FILE', 'YAML or JSON with title, app and rows (docs/metrics.md)')] } },
  about: 'Makes a dashboard, or puts it in place of the one with this id.',
  examples: ['dashboards save checkout checkout.yml'],
  async run(cli: Cli, flags: ServerFlags, dashboard: string, file: string) {
    const body = await readDashboardFile(cli, file)
    const { client } = await cli.connect(flags)
    const answer = await client.call('dashboards.save', { params: { dashboard }, body })
    if (flags.json) return cli.out.json(answer)
    cli.out.line(`saved ${answer.title}, with ${plural(answer.rows.flat().length, 'graph')}`)
  },
})

async function readDashboardFile(cli: Cli, file: string): Promise<CallInput<'dashboards.save'>['body']> {
  const { parse } = await import('yaml')
  try {
    const value: unknown = parse(await readFile(resolve(cli.io.cwd, file), 'utf8'))
    if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new UsageError('it must be a map with title and rows (see docs/metrics.md)')
    return value as CallInput<'dashboards.save'>['body']
  } catch (error) {
    throw new UsageError((error as NodeJS.ErrnoException).syscall === undefined ? `${file}: ${messageOf(error).split('\n')[0]}` : unreadable(file, error))
  }
}
