import { command, longFlag, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { modeWords } from '../../rule-words.ts'
import { table } from '../../table.ts'

export const rulesList = command({
  parameters: { flags: { long: longFlag, ...serverFlags }, aliases: { l: 'long' } },
  async run(cli: Cli, flags: ServerFlags & { long: boolean }) {
    const { client } = await cli.connect(flags)
    const rules = await client.call('rules.list')
    if (flags.json) return cli.out.json(rules)
    const count = (states: (typeof rules)[number]['states'], state: string) => states.filter((one) => one.state === state).length || null
    table(cli.out, rules, [
      { title: 'rule', value: (rule) => rule.id },
      { title: 'mode', value: (rule) => modeWords(rule, cli.now()), style: (rule) => (rule.mode === 'off' ? 'dim' : undefined) },
      { title: 'severity', value: (rule) => rule.severity },
      { title: 'firing', value: (rule) => count(rule.states, 'firing'), align: 'right', style: () => 'red' },
      { title: 'pending', value: (rule) => count(rule.states, 'pending'), align: 'right', style: () => 'yellow' },
      { title: 'from', value: (rule) => (rule.origin === 'default' ? 'Nightshift' : rule.origin === 'manifest' ? 'manifest' : 'you') },
      { title: 'when', value: (rule) => (flags.long ? rule.about : rule.title) },
    ])
  },
})
