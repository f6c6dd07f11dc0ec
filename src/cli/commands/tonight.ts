import { command, serverFlags, type ServerFlags } from '../command.ts'
import type { Cli } from '../context.ts'
import { table } from '../table.ts'
import { since } from '../times.ts'
import { appWords, stateStyle } from '../words.ts'

export const tonight = command({
  parameters: { flags: serverFlags },
  async run(cli: Cli, flags: ServerFlags) {
    const { client } = await cli.connect(flags)
    const view = await client.call('tonight.read')
    if (flags.json) return cli.out.json(view)
    const now = cli.now()
    cli.out.line(view.sentence)
    if (view.needsPerson.length > 0) {
      cli.out.line()
      for (const item of view.needsPerson) {
        cli.out.line(`${cli.out.paint('red', 'needs a person')}  ${item.app === '' ? '' : `${appWords(item.app, item.environment)}${item.service === null ? '' : ` ${item.service}`}: `}${item.what} (for ${since(item.since, now)})`)
        cli.out.line(`                ${item.wayOut}`)
      }
    }
    if (view.apps.length > 0) cli.out.line()
    table(cli.out, view.apps, [
      { title: 'app', value: (app) => appWords(app.name, app.environment) },
      { title: 'health', value: (app) => app.health, style: (app) => stateStyle(app.health) },
      { title: 'last hours', value: (app) => sparkline(app.sparkline) },
      { title: 'why', value: (app) => app.because },
    ])
  },
})

/** Numbers as eight heights of blocks, a gap where nothing is known; '' for none. */
export function sparkline(values: readonly (number | null)[]): string {
  const highest = values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0)
  return values.map((value) => (value === null ? ' ' : '▁▂▃▄▅▆▇█'[highest === 0 ? 0 : Math.min(7, Math.round((value / highest) * 7))])).join('')
}
