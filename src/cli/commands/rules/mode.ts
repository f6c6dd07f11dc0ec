import { parseDuration } from '#base/units.ts'
import { argument, command, serverFlags, type ServerFlags, spanFlag } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { UsageError } from '../../errors.ts'
import { when } from '../../times.ts'

export const rulesMode = command({
  parameters: { positional: { kind: 'tuple', parameters: [argument('RULE', 'A rule of nightshift rules'), argument('MODE', 'on or off')] }, flags: { for: spanFlag('TIME', 'With off: on again after so long, such as 2h; default: off for good'), ...serverFlags } },
  examples: ['rules mode instance-memory off', 'rules mode instance-memory off --for 2h'],
  async run(cli: Cli, flags: ServerFlags & { for: string | undefined }, rule: string, mode: string) {
    if (mode !== 'on' && mode !== 'off') throw new UsageError(`"${mode}" is not a mode of a rule; write on or off`)
    if (mode === 'on' && flags.for !== undefined) throw new UsageError('--for goes with off: a rule is switched off for a time, not on')
    const { client } = await cli.connect(flags)
    const answer = await client.call('rules.mode', { params: { rule }, body: { mode, ...(flags.for === undefined ? {} : { forMs: parseDuration(flags.for) }) } })
    if (flags.json) return cli.out.json(answer)
    cli.out.line(`the rule ${answer.id} is ${answer.mode}${answer.offUntil ? ` until ${when(answer.offUntil, cli.now(), true)}` : ''}`)
  },
})
