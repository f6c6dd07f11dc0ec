import { parseDuration } from '#base/units.ts'
import { pausedName } from '#contract/pause-words.ts'
import { command, optionalArgument, serverFlags, type ServerFlags, switchFlag, textFlag } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { UsageError } from '../../errors.ts'
import { when } from '../../times.ts'

type Flags = ServerFlags & { env: string | undefined; for: string; because: string; all: boolean }

export const healPause = command({
  parameters: {
    positional: { kind: 'tuple', parameters: [optionalArgument('APP[/SERVICE]', 'What of; all environments, unless -e names one')] },
    flags: {
      for: { ...textFlag('TIME', 'How long, such as 30m; at most 7d'), optional: false } as const,
      because: { ...textFlag('TEXT', 'Why; others read it'), optional: false } as const,
      env: textFlag('ENV', 'Only of this environment'),
      all: switchFlag('Of everything'),
      ...serverFlags,
    },
    aliases: { e: 'env' },
  },
  about: 'A maintenance window: what is sick is noticed and noted, and control does nothing about it. It ends by itself. What proxies and agents mend at once goes on, and a release that bakes is not rolled back.',
  examples: ['heal pause shop --for 30m --because "moving the database"', 'heal pause shop/web -e staging --for 2h --because "load test"', 'heal pause --all --for 10m --because "network work"'],
  async run(cli: Cli, flags: Flags, what: string | undefined) {
    if ((what === undefined) !== flags.all) throw new UsageError('name an app, or say --all')
    const [app = null, service = null, more] = what?.split('/') ?? []
    if (more !== undefined) throw new UsageError(`"${what}" is not an app or app/service; name the environment with -e`)
    const { client } = await cli.connect(flags)
    const pause = await client.call('healing.pause', { body: { app, service, environment: flags.env ?? null, forMs: parseDuration(flags.for), because: flags.because } })
    if (flags.json) return cli.out.json(pause)
    cli.out.line(`healing leaves ${pausedName(pause)} alone until ${when(pause.until, cli.now(), true)}; nightshift heal unpause ${pause.id} ends that before`)
  },
})
