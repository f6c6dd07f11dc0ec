import { formatDuration, parseDuration } from '#base/units.ts'
import { argument, command, numberFlag, serverFlags, type ServerFlags, switchFlag, textFlag } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { UsageError } from '../../errors.ts'

type Flags = ServerFlags & { verifyWithin: string | undefined; perTarget: number | undefined; perHour: number | undefined; reset: boolean }

export const healSet = command({
  parameters: {
    positional: { kind: 'tuple', parameters: [argument('RULE', 'A rule of nightshift heal rules')] },
    flags: {
      verifyWithin: textFlag('TIME', 'How long an action may take to help, such as 2m; then the next one is tried'),
      perTarget: numberFlag('N', 'Actions an hour on one target, at most', { min: 1, max: 20 }),
      perHour: numberFlag('N', 'Actions an hour in all, at most', { min: 1, max: 20 }),
      reset: switchFlag('All of these as the rule was made'),
      ...serverFlags,
    },
  },
  about: 'What is left out stays as it is. Without --verify-within an action also has the startup time of its service, and a minute.',
  examples: ['heal set not-ready --verify-within 5m', 'heal set not-ready --reset'],
  async run(cli: Cli, flags: Flags, rule: string) {
    const { verifyWithin, perTarget, perHour, reset } = flags
    const given = {
      ...(verifyWithin === undefined ? {} : { verifyWithinMs: parseDuration(verifyWithin) }),
      ...(perTarget === undefined ? {} : { perTargetPerHour: perTarget }),
      ...(perHour === undefined ? {} : { perHour }),
    }
    if (reset === Object.keys(given).length > 0) throw new UsageError('give --verify-within, --per-target or --per-hour, or --reset alone')
    const { client } = await cli.connect(flags)
    const answer = await client.call('healing.setRule', { params: { rule }, body: reset ? { verifyWithinMs: null, perTargetPerHour: null, perHour: null } : given })
    if (flags.json) return cli.out.json(answer)
    cli.out.line(`the rule ${answer.id} does at most ${answer.perTargetPerHour} actions an hour on one target and ${answer.perHour} in all; each is verified within ${formatDuration(answer.verifyWithinMs)}`)
  },
})
