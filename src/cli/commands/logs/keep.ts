import { formatDuration, formatSize } from '#base/units.ts'
import { type AppFlags, appAliases, appFlags, command, textFlag } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { facts } from '../../table.ts'

type Flags = AppFlags & { for: string | undefined; size: string | undefined }

const said = { setting: 'set here', manifest: 'nightshift.yml', default: 'default' } as const
/** `default`: as the manifest says. */
const valueOf = (text: string) => (text === 'default' ? null : text)

export const logsKeep = command({
  parameters: {
    flags: { for: textFlag('TIME', 'How long: 12h, 14d; default: as the manifest says'), size: textFlag('SIZE', 'Up to what size, as stored: 500MB, 2GB; default: as the manifest says'), ...appFlags },
    aliases: appAliases,
  },
  about: 'Without flags, shows what is kept and held. What is set here goes before logs.keep and logs.size of the manifest; the word default takes it back.',
  examples: ['logs keep', 'logs keep --for 14d --size 5GB', 'logs keep --for default'],
  async run(cli: Cli, flags: Flags) {
    const { client, app } = await cli.target(flags)
    const change = { ...(flags.for === undefined ? {} : { keep: valueOf(flags.for) }), ...(flags.size === undefined ? {} : { size: valueOf(flags.size) }) }
    const keeping = Object.keys(change).length > 0 ? await client.call('logs.keep', { params: { app }, body: change }) : await client.call('logs.keeping', { params: { app } })
    if (flags.json) return cli.out.json(keeping)
    facts(cli.out, [
      ['kept for', `${formatDuration(keeping.keep.ms)} (${said[keeping.keep.from]})`],
      ['up to', `${formatSize(keeping.size.bytes)} (${said[keeping.size.from]})`],
      ['held', keeping.held.lines === 0 ? 'no lines but those of the last minutes' : `${keeping.held.lines} lines in ${formatSize(keeping.held.bytes)}${keeping.held.oldestAt === null ? '' : `, since ${keeping.held.oldestAt}`}, and the last minutes`],
    ])
  },
})
