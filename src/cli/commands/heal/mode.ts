import { type HealMode, healModes } from '#contract/healing.ts'
import { argument, command, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { UsageError } from '../../errors.ts'

export const healMode = command({
  parameters: { positional: { kind: 'tuple', parameters: [argument('RULE', 'A rule of nightshift heal rules'), argument('MODE', 'off, suggest or auto')] }, flags: serverFlags },
  examples: ['heal mode newest-change suggest'],
  async run(cli: Cli, flags: ServerFlags, rule: string, mode: string) {
    if (!(healModes as readonly string[]).includes(mode)) throw new UsageError(`"${mode}" is not a mode of healing; write off, suggest or auto`)
    const { client } = await cli.connect(flags)
    const answer = await client.call('healing.setRule', { params: { rule }, body: { mode: mode as HealMode } })
    if (flags.json) return cli.out.json(answer)
    const words = { off: 'does nothing', suggest: 'asks before each action', auto: 'acts by itself' } as const
    cli.out.line(`the rule ${answer.id} ${words[answer.mode]}`)
  },
})
