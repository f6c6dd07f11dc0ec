import { formatDuration, formatSize } from '#base/units.ts'
import type { Build } from '#contract/model.ts'
import { type AppFlags, appAliases, appFlags, command, longFlag, numberFlag } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { checkNamedApp } from '../../named-app.ts'
import { table } from '../../table.ts'
import { when } from '../../times.ts'
import { stateStyle } from '../../words.ts'

export const buildsList = command({
  parameters: { flags: { number: numberFlag('N', 'How many; default 20', { min: 1, max: 1000 }), long: longFlag, ...appFlags }, aliases: { ...appAliases, n: 'number', l: 'long' } },
  async run(cli: Cli, flags: AppFlags & { number: number | undefined; long: boolean }) {
    const { client, app, environment } = await cli.target(flags)
    const list = await client.call('builds.list', { params: { app }, query: { environment, limit: flags.number ?? 20 } })
    if (list.length === 0) await checkNamedApp(client, app)
    if (flags.json) return cli.out.json(list)
    if (list.length === 0) return cli.out.line('No builds yet: nightshift deploy makes the first one')
    const now = cli.now()
    table(cli.out, list, [
      { title: 'build', value: (build) => build.id },
      { title: 'state', value: (build) => build.state, style: (build) => stateStyle(build.state) },
      { title: 'queued', value: (build) => when(build.queuedAt, now, flags.long) },
      { title: 'took', value: (build) => buildTook(build, now), align: 'right' },
      { title: 'release', value: (build) => (build.release === null ? null : `v${build.release}`) },
      { title: 'source', value: buildSource },
      { title: 'builder', value: (build) => build.builder },
      { title: 'size', value: (build) => (flags.long && build.sizeBytes !== null ? formatSize(build.sizeBytes) : null), align: 'right' },
      { title: 'by', value: (build) => build.by },
      { title: 'why', value: (build) => (build.state === 'failed' || build.state === 'cancelled' || flags.long ? build.because : null) },
    ])
  },
})

export function buildTook(build: Build, now: Date): string | null {
  if (build.startedAt === null) return null
  const end = build.finishedAt === null ? now : new Date(build.finishedAt)
  return formatDuration(Math.max(0, end.getTime() - new Date(build.startedAt).getTime()))
}

export function buildSource({ source }: Build): string {
  if (source.kind === 'image') return source.image ?? 'image'
  const commit = source.commit === null ? '' : ` ${source.commit.slice(0, 8)}`
  return source.branch === null ? `${source.kind}${commit}` : `${source.kind} ${source.branch}${commit}`
}
