import { type AppFlags, appAliases, appFlags, command, longFlag, numberFlag, switchFlag } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { checkNamedApp } from '../../named-app.ts'
import { harmless } from '../../output.ts'
import { lastWords, remediationStyle, targetWords } from '../../remediation-words.ts'
import { table } from '../../table.ts'
import { when } from '../../times.ts'

type Flags = AppFlags & { open: boolean; all: boolean; number: number | undefined; long: boolean }

export const healList = command({
  parameters: {
    flags: { open: switchFlag('Only what has not ended'), all: switchFlag('Of all apps, also where the folder names one'), number: numberFlag('N', 'How many; default 20', { min: 1, max: 1000 }), long: longFlag, ...appFlags },
    aliases: { ...appAliases, n: 'number', l: 'long' },
  },
  about: 'Newest first. Of one app where one is chosen, else of everything.',
  examples: ['heal', 'heal list --open --all', 'heal show rem_01m…'],
  async run(cli: Cli, flags: Flags) {
    const chosen = flags.all ? undefined : await cli.appChoice(flags)
    const { client } = await cli.connect(flags)
    const list = await client.call('healing.list', { query: { limit: flags.number ?? 20, open: flags.open ? 'true' : 'false', ...(chosen === undefined ? {} : { app: chosen.app }), ...(flags.env === undefined ? {} : { environment: flags.env }) } })
    if (flags.json) return cli.out.json(list)
    const { stopped, breaker } = await client.call('healing.overview')
    if (stopped !== null) cli.out.note(harmless(`healing is stopped by ${stopped.by}: ${stopped.because} (nightshift heal resume)`))
    if (breaker !== null) cli.out.note(`healing leaves instances alone: ${breaker}`)
    if (list.length === 0) {
      await checkNamedApp(client, chosen?.app)
      return cli.out.line(flags.open ? 'Nothing is being healed' : 'Nothing was healed yet, beyond what proxies and agents mend at once (nightshift events)')
    }
    const now = cli.now()
    table(cli.out, list, [
      { title: 'id', value: (one) => one.id },
      { title: 'target', value: targetWords },
      { title: 'noticed', value: (one) => when(one.signal.since, now, flags.long) },
      { title: 'signal', value: (one) => one.signal.kind },
      { title: 'cause', value: (one) => one.cause.kind },
      { title: 'tried', value: (one) => one.tries.map((each) => each.rung).join(', ') },
      { title: 'state', value: (one) => one.state, style: (one) => remediationStyle(one.state) },
      { title: 'because', value: lastWords },
    ])
  },
})
