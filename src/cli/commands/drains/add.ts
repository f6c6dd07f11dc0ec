import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { AppError, messageOf } from '#base/errors.ts'
import { type AppFlags, appAliases, appFlags, argument, command, textFlag } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { UsageError } from '../../errors.ts'

type Flags = AppFlags & { all: boolean; header: readonly string[] | undefined; ca: string | undefined }

function headersOf(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const colon = text.indexOf(':')
      if (colon < 1) throw new UsageError(`--header must be like 'Authorization: Bearer …', not "${text}"`)
      return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()]
    }),
  )
}

export const drainsAdd = command({
  parameters: {
    positional: { kind: 'tuple', parameters: [argument('URL', 'Where to; its scheme says how')] },
    flags: {
      all: { kind: 'boolean', default: false, withNegated: false, brief: 'The lines of every app; needs admin' },
      header: { kind: 'parsed', parse: (text: string) => text, variadic: true, optional: true, placeholder: 'HEADER', brief: "Sent with every request, such as 'Authorization: Bearer …'; may be given several times" },
      ca: textFlag('FILE', 'PEM of the authority that signed its certificate, if it is none that the system knows'),
      ...appFlags,
    },
    aliases: appAliases,
  },
  about:
    'syslog://HOST:PORT and syslog+tls://HOST:PORT (RFC 5424), https://… (NDJSON), otlp+https://HOST (OTLP), loki+https://HOST. Lines that are written from now on are sent. ' +
    'What is secret in the address and the headers is sealed and never shown again.',
  examples: ['drains add syslog+tls://logs.example.com:6514 -a shop', "drains add https://logs.example.com/in -a shop --header 'Authorization: Bearer abc'", 'drains add loki+https://me:key@loki.example.com --all'],
  async run(cli: Cli, flags: Flags, url: string) {
    if (flags.all && flags.app !== undefined) throw new UsageError('--all and -a exclude each other')
    const target = flags.all ? { ...(await cli.connect(flags)), app: null } : await cli.target(flags)
    const headers = headersOf(flags.header ?? [])
    const body = { app: target.app, url, ...(Object.keys(headers).length === 0 ? {} : { headers }), ...(flags.ca === undefined ? {} : { caPem: await pem(resolve(cli.io.cwd, flags.ca)) }) }
    const drain = await target.client.call('drains.add', { body })
    if (flags.json) return cli.out.json(drain)
    cli.out.line(`${drain.id}: lines of ${drain.app ?? 'every app'} are sent to ${drain.url} from now on (try it: nightshift drains test ${drain.id})`)
  },
})

async function pem(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new AppError('invalid', `cannot read ${file}: ${messageOf(error)}`, { cause: error })
  }
}
