import { parseDuration } from '#base/units.ts'
import { argument, command, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { UsageError } from '../../errors.ts'

type Flags = ServerFlags & { scope: 'admin' | 'deploy' | 'read'; app: readonly string[] | undefined; expires: number | undefined }

const dayMs = 86_400_000

function days(text: string): number {
  const ms = parseDuration(text)
  if (ms < dayMs || ms % dayMs !== 0) throw new UsageError(`must be whole days, such as 30d, not "${text}"`)
  return ms / dayMs
}

export const tokensCreate = command({
  parameters: {
    positional: { kind: 'tuple', parameters: [argument('NAME', 'What it is for')] },
    flags: {
      scope: { kind: 'enum', values: ['admin', 'deploy', 'read'], default: 'deploy', brief: 'What it may do; each includes the next; default deploy' },
      app: { kind: 'parsed', parse: (text: string) => text, variadic: true, optional: true, placeholder: 'APP', brief: 'Only for this app; may be given several times' },
      expires: { kind: 'parsed', parse: days, optional: true, placeholder: 'DAYS', brief: 'Ends by itself after this long, such as 30d' },
      ...serverFlags,
    },
    aliases: { a: 'app' },
  },
  examples: ['tokens create ci --app shop --expires 90d', 'tokens create dashboard --scope read'],
  async run(cli: Cli, flags: Flags, name: string) {
    const { client } = await cli.connect(flags)
    const body = { name, scope: flags.scope, ...(flags.app === undefined || flags.app.length === 0 ? {} : { apps: [...flags.app] }), ...(flags.expires === undefined ? {} : { expiresInDays: flags.expires }) }
    const token = await client.call('tokens.create', { body })
    if (flags.json) return cli.out.json(token)
    cli.out.note(`${token.id}, ${token.scope}, ${token.apps === null ? 'all apps' : token.apps.join(', ')}. Its secret is shown this once:`)
    cli.out.line(token.secret)
    if (token.apps === null) return
    const known = new Set((await client.call('apps.list')).map((app) => app.name))
    for (const app of token.apps) if (!known.has(app)) cli.out.warn(`there is no app "${app}" yet: the token opens it once it is made`)
  },
})
