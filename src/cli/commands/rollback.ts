import { type AppFlags, appAliases, appFlags, command, switchFlag, waitFlag, wholeNumber } from '../command.ts'
import type { Cli } from '../context.ts'
import { UsageError } from '../errors.ts'
import { sayRollout } from '../rollout-watch.ts'
import { appWords } from '../words.ts'

function release(text: string): number {
  if (!/^v?\d{1,7}$/.test(text)) throw new UsageError(`must be a release, such as v12, not "${text}" (see: nightshift releases)`)
  return wholeNumber(text.replace(/^v/, ''), { min: 1, max: 1_000_000 })
}

export const rollback = command({
  parameters: {
    positional: { kind: 'tuple', parameters: [{ placeholder: 'RELEASE', brief: 'Such as v12; without, the release before the active one', parse: release, optional: true }] },
    flags: { noWait: switchFlag('Return as soon as the new release is made'), wait: waitFlag, ...appFlags },
    aliases: appAliases,
  },
  about: 'Makes a new release with the artifact, the config and the manifest of an old one, and rolls it out.',
  examples: ['rollback', 'rollback v12'],
  async run(cli: Cli, flags: AppFlags & { noWait: boolean; wait: boolean | undefined }, to: number | undefined) {
    if (flags.noWait && flags.wait) throw new UsageError('--wait and --no-wait contradict each other')
    const target = await cli.target(flags)
    const { client, app, environment } = target
    const answer = await client.call('releases.rollback', { params: { app }, query: { environment }, body: to === undefined ? {} : { to } })
    const isFollowed = !flags.noWait && answer.rollout !== null && (!flags.json || flags.wait === true)
    if (flags.json) (isFollowed ? cli.out.jsonLine : cli.out.json).call(cli.out, answer)
    else cli.out.line(`${appWords(app, environment)} goes back to ${to === undefined ? 'the release before' : `v${to}`}, as v${answer.release}`)
    if (isFollowed) return sayRollout(cli, target, answer.release, { wait: flags.wait === true, json: flags.json })
  },
})
