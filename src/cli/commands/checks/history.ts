import { checkStyle, milliseconds } from '../../check-words.ts'
import { argument, command, numberFlag, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { harmless } from '../../output.ts'
import { table } from '../../table.ts'
import { localTime, when } from '../../times.ts'

export const checksHistory = command({
  parameters: { positional: { kind: 'tuple', parameters: [argument('CHECK', 'Name or id')] }, flags: { hours: numberFlag('N', 'How far back; default 24', { min: 1, max: 720 }), ...serverFlags } },
  async run(cli: Cli, flags: ServerFlags & { hours: number | undefined }, check: string) {
    const { client } = await cli.connect(flags)
    const hours = flags.hours ?? 24
    const history = await client.call('checks.history', { params: { check }, query: { hours } })
    if (flags.json) return cli.out.json(history)
    cli.out.line(history.uptime === null ? `not watched in the last ${hours} hours` : `up ${(history.uptime * 100).toFixed(3)} % of the last ${hours} hours`)
    table(cli.out, history.segments, [
      { title: 'since', value: (one) => localTime(one.since) },
      { title: 'until', value: (one) => (one.until === null ? 'now' : localTime(one.until)) },
      { title: 'state', value: (one) => one.state, style: (one) => checkStyle(one.state) },
      { title: 'because', value: (one) => one.because },
    ])
    for (const one of history.results.slice(0, 20)) cli.out.line(`${cli.out.paint('dim', `${when(one.at, cli.now()) ?? ''}  ${one.vantage}`)}  ${one.status}  ${harmless(one.message)}  (${milliseconds(one.durationMs)})`)
  },
})
