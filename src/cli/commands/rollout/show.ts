import { formatDuration } from '#base/units.ts'
import type { Bake } from '#contract/model.ts'
import { type AppFlags, appAliases, appFlags, command, longFlag } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { facts } from '../../table.ts'
import { when } from '../../times.ts'
import { stateStyle } from '../../words.ts'
import { harmless } from '../../output.ts'
import { stepLine } from '../../rollout-watch.ts'

/** `v12 beside v11, passed: 0 of 320 requests failed`. */
function bakeWords(bake: Bake, now: Date): string {
  const state = bake.endedAt === null ? `for ${formatDuration(Math.max(0, Date.parse(bake.until) - now.getTime()))} more` : bake.state
  return `v${bake.release} beside v${bake.fromRelease}, ${state}: ${harmless(bake.because)}${bake.rolledBackTo === null ? '' : `; went back as v${bake.rolledBackTo}`}`
}

export const rolloutShow = command({
  parameters: { flags: { long: longFlag, ...appFlags }, aliases: { ...appAliases, l: 'long' } },
  async run(cli: Cli, flags: AppFlags & { long: boolean }) {
    const { client, app, environment } = await cli.target(flags)
    const { rollout } = await client.call('apps.read', { params: { app }, query: { environment } })
    if (flags.json) return cli.out.json(rollout)
    const bake = await client.call('bakes.read', { params: { app }, query: { environment } })
    if (rollout === null) return cli.out.line('No rollout yet: nightshift deploy starts one')
    const now = cli.now()
    facts(cli.out, [
      ['release', rollout.fromRelease === null ? `v${rollout.release}` : `v${rollout.fromRelease} → v${rollout.release}`],
      ['state', `${cli.out.paint(stateStyle(rollout.state), rollout.state)}: ${rollout.because}`],
      ['started', when(rollout.startedAt, now, flags.long)],
      ['finished', when(rollout.finishedAt, now, flags.long)],
    ])
    if (bake !== null) facts(cli.out, [['watched', bakeWords(bake, now)]])
    for (const step of rollout.steps) cli.out.line(stepLine(cli.out, step.name, new Date(step.at).getTime() - new Date(rollout.startedAt).getTime(), step.detail))
  },
})
