import type { CheckState } from '#contract/checks.ts'
import { checkStates } from '#contract/checks.ts'
import { rhythmOf } from '#contract/rhythm-words.ts'
import { checkStyle, milliseconds } from '../../check-words.ts'
import { type AppFlags, appAliases, appFlags, command, longFlag, textFlag } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { UsageError } from '../../errors.ts'
import { table } from '../../table.ts'
import { since } from '../../times.ts'

type Flags = AppFlags & { state: string | undefined; long: boolean }

export const checksList = command({
  parameters: { flags: { state: textFlag('STATE', 'Only those in it: up, down, warn, pending, suppressed, maintenance, paused, unknown'), long: longFlag, ...appFlags }, aliases: { ...appAliases, l: 'long' } },
  about: 'All checks, or those of one app with -a.',
  examples: ['checks', 'checks --state down', 'checks -a shop'],
  async run(cli: Cli, flags: Flags) {
    if (flags.state !== undefined && !(checkStates as readonly string[]).includes(flags.state)) throw new UsageError(`"${flags.state}" is not a state of checks (they are ${checkStates.join(', ')})`)
    const { client } = await cli.connect(flags)
    const list = await client.call('checks.list', { query: { ...(flags.app === undefined ? {} : { app: flags.app }), ...(flags.env === undefined ? {} : { environment: flags.env }), ...(flags.state === undefined ? {} : { state: flags.state as CheckState }) } })
    if (flags.json) return cli.out.json(list)
    if (list.length === 0) return cli.out.line('No checks (nightshift checks add, or checks: in nightshift.yml)')
    const now = cli.now()
    table(cli.out, list, [
      { title: 'check', value: (one) => one.name },
      { title: 'id', value: (one) => (flags.long ? one.id : null) },
      { title: 'kind', value: (one) => one.kind },
      { title: 'of', value: (one) => (one.app === null ? null : [one.app, one.environment === 'production' ? null : one.environment, one.service].filter((part) => part !== null).join('/')) },
      { title: 'state', value: (one) => one.state, style: (one) => checkStyle(one.state) },
      { title: 'for', value: (one) => since(one.since, now) },
      { title: 'took', value: (one) => (one.vantages[0] === undefined ? null : milliseconds(one.vantages[0].durationMs)), align: 'right' },
      { title: 'rhythm', value: (one) => (flags.long ? rhythmOf(one) : null) },
      { title: 'because', value: (one) => one.because },
    ])
  },
})
