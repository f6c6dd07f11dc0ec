import { formatDuration } from '#base/units.ts'
import { pausedName } from '#contract/pause-words.ts'
import { command, longFlag, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { harmless } from '../../output.ts'
import { table } from '../../table.ts'
import { when } from '../../times.ts'

export const healRules = command({
  parameters: { flags: { long: longFlag, ...serverFlags }, aliases: { l: 'long' } },
  async run(cli: Cli, flags: ServerFlags & { long: boolean }) {
    const { client } = await cli.connect(flags)
    const overview = await client.call('healing.overview')
    if (flags.json) return cli.out.json(overview)
    table(cli.out, overview.rules, [
      { title: 'rule', value: (rule) => rule.id },
      { title: 'mode', value: (rule) => rule.mode, style: (rule) => (rule.mode === 'auto' ? undefined : 'yellow') },
      { title: 'ladder', value: (rule) => rule.ladder.join(' → ') },
      { title: 'this hour', value: (rule) => `${rule.usedLastHour} of ${rule.perHour}`, align: 'right' },
      { title: 'a target', value: (rule) => (flags.long ? rule.perTargetPerHour : null), align: 'right' },
      { title: 'verified in', value: (rule) => (flags.long ? `${formatDuration(rule.verifyWithinMs)}${rule.isTuned ? ' (set)' : ''}` : null), align: 'right' },
      { title: 'when', value: (rule) => (flags.long ? rule.about : rule.title) },
    ])
    cli.out.line(`\n${overview.actionsLastHour} of ${overview.actionsPerHour} actions were used in the last hour`)
    if (overview.stopped !== null) cli.out.line(harmless(`healing is stopped by ${overview.stopped.by}: ${overview.stopped.because} (nightshift heal resume)`))
    for (const one of overview.pauses) cli.out.line(harmless(`healing of ${pausedName(one)} is paused by ${one.by} until ${when(one.until, cli.now(), true)}: ${one.because}`))
    if (overview.breaker !== null) cli.out.line(`healing leaves instances alone: ${overview.breaker}`)
  },
})
