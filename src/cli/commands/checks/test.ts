import type { TestCheck } from '#contract/checks.ts'
import { type CommonFlags, commonFlags, commonOf, configOf, kindNamed, milliseconds } from '../../check-words.ts'
import { argument, command, serverFlags, type ServerFlags, textFlag } from '../../command.ts'
import type { Cli } from '../../context.ts'

type Flags = ServerFlags & Pick<CommonFlags, 'timeout' | 'from' | 'if' | 'service'> & { app: string | undefined; env: string | undefined }

export const checksTest = command({
  parameters: {
    positional: { kind: 'array', parameter: argument('KIND TARGET [FIELD=VALUE]', 'As nightshift checks add takes them; or a check that exists, by name or id'), minimum: 1 },
    flags: { app: textFlag('APP', 'The app that it belongs to'), env: textFlag('ENV', 'The environment; default production'), timeout: commonFlags.timeout, from: textFlag('PLACE', 'One vantage point: control, near or machine:<name>'), if: commonFlags.if, service: commonFlags.service, ...serverFlags },
    aliases: { a: 'app', e: 'env' },
  },
  usage: 'KIND TARGET [FIELD=VALUE…]',
  about: 'Runs it once, and keeps nothing. Exits with 1 for a warning, and with 2 for an error.',
  examples: ['checks test http https://shop.example.com body=Pay', 'checks test checkout'],
  async run(cli: Cli, flags: Flags, ...words: string[]) {
    const { client } = await cli.connect(flags)
    const [first, ...rest] = words as [string, ...string[]]
    const kinds = await client.call('checks.kinds')
    const common = { ...commonOf({ ...flags, every: undefined, retries: undefined, quorum: undefined, severity: undefined, needs: undefined }), ...(flags.app === undefined ? {} : { app: flags.app }), ...(flags.env === undefined ? {} : { environment: flags.env }) }
    const body = rest.length === 0 && !kinds.some((kind) => kind.kind === first) ? await existing(client, first, common) : { kind: kindNamed(kinds, first).kind, config: configOf(kindNamed(kinds, first), rest), ...common }
    const outcome = await client.call('checks.test', { body: body as TestCheck })
    if (flags.json) cli.out.json(outcome)
    else {
      cli.out.line(`${cli.out.paint(outcome.status === 'ok' ? 'green' : outcome.status === 'warn' ? 'yellow' : 'red', outcome.status)}  ${outcome.message}  (${milliseconds(outcome.durationMs)})`)
      for (const metric of outcome.metrics) cli.out.line(`  ${metric.name} ${metric.value}${metric.unit === undefined ? '' : ` ${metric.unit}`}`)
    }
    return { ok: 0, warn: 1, err: 2 }[outcome.status]
  },
})

type Client = Awaited<ReturnType<Cli['connect']>>['client']

async function existing(client: Client, check: string, common: Record<string, unknown>): Promise<Record<string, unknown>> {
  const one = await client.call('checks.read', { params: { check } })
  return { check: one.id, kind: one.kind, config: one.config, criteria: one.criteria, timeout: `${one.timeoutMs}ms`, from: one.from.slice(0, 1), ...(one.app === null ? {} : { app: one.app, environment: one.environment, ...(one.service === null ? {} : { service: one.service }) }), ...common }
}
