import { type AppFlags, appAliases, appFlags, command, longFlag, switchFlag } from '../command.ts'
import type { Cli } from '../context.ts'
import { checkNamedApp } from '../named-app.ts'
import { harmless } from '../output.ts'
import { since, when } from '../times.ts'

export const alerts = command({
  parameters: { flags: { all: switchFlag('Also those that are over'), long: longFlag, ...appFlags }, aliases: { ...appAliases, l: 'long' } },
  async run(cli: Cli, flags: AppFlags & { all: boolean; long: boolean }) {
    const { client } = await cli.connect(flags)
    const list = await client.call('alerts.list', { query: { open: flags.all ? 'false' : 'true', ...(flags.app === undefined ? {} : { app: flags.app }) } })
    if (flags.json) return cli.out.json(list)
    if (list.length === 0) {
      await checkNamedApp(client, flags.app)
      return cli.out.line('No alert: nothing needs a person')
    }
    const now = cli.now()
    for (const one of list) {
      const over = one.clearedAt === null ? `for ${since(one.raisedAt, now)}` : `over ${when(one.clearedAt, now, flags.long)}`
      cli.out.line(`${cli.out.paint(one.clearedAt !== null ? 'dim' : one.severity === 'critical' ? 'red' : 'yellow', one.severity)}  ${cli.out.paint('bold', harmless(one.title))} (${over})`)
      cli.out.line(`  ${harmless(one.because)}`)
      if (one.clearedAt === null) cli.out.line(`  ${cli.out.paint('dim', '→')} ${one.wayOut}${one.remediation === null ? '' : `; nightshift heal show ${one.remediation}`}`)
    }
  },
})
