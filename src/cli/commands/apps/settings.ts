import { type AppFlags, appAliases, appFlags, command, textFlag } from '../../command.ts'
import { branchName } from '#contract/names.ts'
import type { Cli } from '../../context.ts'
import { tagsOf } from '../../machine-tags.ts'
import { UsageError } from '../../errors.ts'
import { facts } from '../../table.ts'

type Flags = AppFlags & { branch: string | undefined; forcePush: boolean | undefined; tags: string | undefined }

function branch(text: string): string {
  const { data, error } = branchName.safeParse(text)
  if (data === undefined) throw new UsageError(error?.issues[0]?.message ?? 'is no branch')
  return data
}

export const appsSettings = command({
  parameters: {
    flags: { branch: { kind: 'parsed', parse: branch, optional: true, placeholder: 'BRANCH', brief: 'Branch whose pushes are deployed' }, forcePush: { kind: 'boolean', optional: true, brief: 'Whether a push to it may rewrite history' }, tags: textFlag('TAGS', 'Tags that queries name it by, instead of those it has: pci,team-a; "" is none'), ...appFlags },
    aliases: appAliases,
  },
  about: 'Without flags, shows the settings.',
  examples: ['apps settings --branch release', 'apps settings --no-force-push'],
  async run(cli: Cli, flags: Flags) {
    const { client, app, environment } = await cli.target(flags)
    const change = { ...(flags.branch === undefined ? {} : { deployBranch: flags.branch }), ...(flags.forcePush === undefined ? {} : { allowForcePush: flags.forcePush }), ...(flags.tags === undefined ? {} : { tags: flags.tags === '' ? [] : tagsOf(flags.tags) }) }
    if (Object.keys(change).length > 0) await client.call('apps.settings', { params: { app }, query: { environment }, body: change })
    const { settings } = await client.call('apps.read', { params: { app }, query: { environment } })
    if (flags.json) return cli.out.json(settings)
    facts(cli.out, [
      ['deploy branch', settings.deployBranch],
      ['force pushes', settings.allowForcePush ? 'allowed' : 'refused'],
      ['tags', settings.tags.join(', ')],
      ['stopped', settings.stopped ? 'yes (nightshift start)' : 'no'],
    ])
  },
})
