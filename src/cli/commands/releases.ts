import { type AppFlags, appAliases, appFlags, command, longFlag, numberFlag } from '../command.ts'
import type { Cli } from '../context.ts'
import { table } from '../table.ts'
import { when } from '../times.ts'
import { stateStyle } from '../words.ts'

export const releases = command({
  parameters: { flags: { number: numberFlag('N', 'How many; default 20', { min: 1, max: 1000 }), long: longFlag, ...appFlags }, aliases: { ...appAliases, n: 'number', l: 'long' } },
  about: 'A release is artifact + config + manifest and never changes. nightshift rollback goes back to one of them.',
  async run(cli: Cli, flags: AppFlags & { number: number | undefined; long: boolean }) {
    const { client, app, environment } = await cli.target(flags)
    const list = await client.call('releases.list', { params: { app }, query: { environment, limit: flags.number ?? 20 } })
    if (flags.json) return cli.out.json(list)
    if (list.length === 0) return cli.out.line('No releases yet: nightshift deploy makes the first one')
    const now = cli.now()
    table(cli.out, list, [
      { title: 'release', value: (release) => `v${release.number}` },
      { title: 'state', value: (release) => release.state, style: (release) => stateStyle(release.state) },
      { title: 'made', value: (release) => when(release.createdAt, now, flags.long) },
      { title: 'by', value: (release) => release.by },
      { title: 'commit', value: (release) => (flags.long ? release.commit : (release.commit?.slice(0, 8) ?? null)) },
      { title: 'build', value: (release) => (flags.long ? release.buildId : null) },
      { title: 'artifact', value: (release) => (flags.long ? release.artifact : null) },
      { title: 'what', value: (release) => (release.state === 'failed' || release.state === 'condemned' ? `${release.description}: ${release.because}` : release.description) },
    ])
  },
})
