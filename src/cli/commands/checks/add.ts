import type { NewCheck } from '#contract/checks.ts'
import { type CommonFlags, commonFlags, commonOf, configOf, kindNamed } from '../../check-words.ts'
import { argument, command, serverFlags, type ServerFlags, textFlag } from '../../command.ts'
import type { Cli } from '../../context.ts'

type Flags = ServerFlags & CommonFlags & { app: string | undefined; env: string | undefined; name: string | undefined }

export const checksAdd = command({
  parameters: {
    positional: { kind: 'array', parameter: argument('KIND TARGET [FIELD=VALUE]', 'Kind, what it looks at, and further fields'), minimum: 1 },
    flags: { name: textFlag('NAME', 'Its name; default: what it looks at'), app: textFlag('APP', 'The app that it belongs to'), env: textFlag('ENV', 'The environment; default production'), ...commonFlags, ...serverFlags },
    aliases: { a: 'app', e: 'env', n: 'name' },
  },
  usage: 'KIND TARGET [FIELD=VALUE…]',
  about: 'Kinds and their fields: nightshift checks kinds. Try it first with nightshift checks test, which takes the same words.',
  examples: ['checks add http https://shop.example.com/checkout body=Pay --every 30s', 'checks add postgres db.internal user=ro password=… "query=SELECT count(*) FROM jobs" --if "value GT 100 warn"', 'checks add heartbeat 10m --name backup --every 1d', 'checks add heartbeat 10m --name report "schedule=0 3 * * 1-5" timezone=Europe/Berlin', 'checks add plugin check_load args=-w,4,-c,8 --from machine:m1'],
  async run(cli: Cli, flags: Flags, ...words: string[]) {
    const { client } = await cli.connect(flags)
    const [name, ...rest] = words as [string, ...string[]]
    const kind = kindNamed(await client.call('checks.kinds'), name)
    const config = configOf(kind, rest)
    const common = await withNeeds(client, commonOf(flags))
    const made = await client.call('checks.create', { body: { name: flags.name ?? String(config[kind.main] ?? kind.kind).slice(0, 80), kind: kind.kind, config, ...(flags.app === undefined ? {} : { app: flags.app }), ...(flags.env === undefined ? {} : { environment: flags.env }), ...common } as NewCheck })
    if (flags.json) return cli.out.json(made)
    cli.out.line(`the check ${made.name} is made (${made.id}); nightshift checks show ${made.id}`)
    const { ping } = made.kind === 'heartbeat' ? await client.call('checks.read', { params: { check: made.id } }) : { ping: null }
    if (ping !== null) cli.out.line(`the job tells it by: curl ${ping.url}`)
  },
})

type Client = Awaited<ReturnType<Cli['connect']>>['client']

/** Names become ids. */
export async function withNeeds(client: Client, common: Record<string, unknown>): Promise<Record<string, unknown>> {
  if (!Array.isArray(common['needs'])) return common
  return { ...common, needs: await Promise.all((common['needs'] as string[]).map(async (check) => (await client.call('checks.read', { params: { check } })).id)) }
}
