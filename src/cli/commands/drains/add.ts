import { type AppFlags, appFlags, argument, command, serverFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { UsageError } from '../../errors.ts'
import { type SentFlags, sentFlags, sentInput } from '../../sent-headers.ts'

type Flags = Omit<AppFlags, 'env'> & SentFlags & { all: boolean }

export const drainsAdd = command({
  parameters: {
    positional: { kind: 'tuple', parameters: [argument('URL', 'Where to; its scheme says how')] },
    flags: {
      all: { kind: 'boolean', default: false, withNegated: false, brief: 'The lines of every app; needs admin' },
      ...sentFlags,
      app: appFlags.app,
      ...serverFlags,
    },
    aliases: { a: 'app' },
  },
  about:
    'The lines of an app in all its environments. syslog://HOST:PORT and syslog+tls://HOST:PORT (RFC 5424), https://… (NDJSON), otlp+https://HOST (OTLP), loki+https://HOST. Lines that are written from now on are sent. ' +
    'What is secret in the address and the headers is sealed and never shown again.',
  examples: ['drains add syslog+tls://logs.example.com:6514 -a shop', "drains add https://logs.example.com/in -a shop --header 'Authorization: Bearer abc'", 'drains add loki+https://me:key@loki.example.com --all'],
  async run(cli: Cli, flags: Flags, url: string) {
    if (flags.all && flags.app !== undefined) throw new UsageError('--all and -a exclude each other')
    const target = flags.all ? { ...(await cli.connect(flags)), app: null } : await cli.target({ ...flags, env: undefined })
    const drain = await target.client.call('drains.add', { body: { app: target.app, url, ...(await sentInput(cli, flags)) } })
    if (flags.json) return cli.out.json(drain)
    cli.out.line(`${drain.id}: lines of ${drain.app ?? 'every app'} are sent to ${drain.url} from now on (try it: nightshift drains test ${drain.id})`)
  },
})
