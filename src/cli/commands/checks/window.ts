import { parseDuration } from '#base/units.ts'
import { argument, command, serverFlags, type ServerFlags, spanFlag, textFlag } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { UsageError } from '../../errors.ts'
import { localTime } from '../../times.ts'

type Flags = ServerFlags & { for: string; from: string | undefined; app: string | undefined; title: string | undefined; repeat: string | undefined; zone: string | undefined }

export const checksWindow = command({
  parameters: {
    positional: { kind: 'array', parameter: argument('CHECK', 'Names or ids'), minimum: 0 },
    flags: {
      for: { ...spanFlag('TIME', 'How long, such as 30m'), optional: false } as const,
      from: textFlag('TIME', 'When it begins, such as 2026-12-01T02:00:00Z; default: now'),
      app: textFlag('APPS', 'All checks of these apps, comma-separated'), title: textFlag('TEXT', 'What is done; others read it'),
      repeat: textFlag('WORD', 'daily or weekly; default: once'), zone: textFlag('ZONE', 'Whose clock repeats it, such as Europe/Berlin; default: UTC'), ...serverFlags,
    },
    aliases: { a: 'app' },
  },
  about: 'Plans maintenance: while the window is open its checks run, and alert nobody.',
  examples: ['checks window checkout --for 30m', 'checks window -a shop --for 1h --from 2026-12-01T02:00:00Z --repeat weekly --title "database move"'],
  async run(cli: Cli, flags: Flags, ...checks: string[]) {
    const apps = (flags.app ?? '').split(',').flatMap((app) => app.trim() || [])
    if (checks.length + apps.length === 0) throw new UsageError('name checks, or apps with -a')
    const from = flags.from === undefined ? cli.now() : new Date(flags.from)
    if (Number.isNaN(from.getTime())) throw new UsageError(`"${flags.from}" is not a time; write 2026-12-01T02:00:00Z`)
    const { client } = await cli.connect(flags)
    const made = await client.call('windows.create', { body: { title: flags.title ?? 'maintenance', checks, apps, from: from.toISOString(), until: new Date(from.getTime() + parseDuration(flags.for)).toISOString(), repeat: (flags.repeat ?? 'once') as 'once', timezone: flags.zone ?? 'UTC' } })
    if (flags.json) return cli.out.json(made)
    cli.out.line(`${made.title}: ${localTime(made.from)} until ${localTime(made.until)}${made.repeat === 'once' ? '' : `, ${made.repeat}`}; nightshift checks window-remove ${made.id} ends it`)
  },
})
