import { type AppFlags, appFlags, command } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { table } from '../../table.ts'
import { when } from '../../times.ts'

export const drainsList = command({
  parameters: { flags: { app: appFlags.app, url: appFlags.url, token: appFlags.token, home: appFlags.home, json: appFlags.json }, aliases: { a: 'app' } },
  about: 'Of one app with -a, otherwise of all.',
  async run(cli: Cli, flags: Omit<AppFlags, 'env'>) {
    const { client } = await cli.connect(flags)
    const drains = await client.call('drains.list', { query: flags.app === undefined ? {} : { app: flags.app } })
    if (flags.json) return cli.out.json(drains)
    if (drains.length === 0) return cli.out.line('No drains: log lines stay here. Add one: nightshift drains add URL -a APP')
    const now = cli.now()
    table(cli.out, drains, [
      { title: 'id', value: (drain) => drain.id },
      { title: 'app', value: (drain) => drain.app ?? '(every app)' },
      { title: 'to', value: (drain) => `${drain.kind === 'http' || drain.kind === 'syslog' ? '' : `${drain.kind} `}${drain.url}` },
      { title: 'sent', value: (drain) => String(drain.sent) },
      { title: 'given up', value: (drain) => (drain.dropped === 0 ? null : String(drain.dropped)) },
      { title: 'last sent', value: (drain) => when(drain.lastSentAt, now, false) ?? 'never' },
      { title: 'state', value: (drain) => (drain.state === 'failing' ? `failing: ${drain.lastError}` : drain.lastError === null ? 'sending' : `sending; last refused: ${drain.lastError}`) },
    ])
  },
})
