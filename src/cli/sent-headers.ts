/** Flags of what sends something on: headers, and the authority of a server. */
import { textFlag } from './command.ts'
import type { Cli } from './context.ts'
import { UsageError } from './errors.ts'
import { readNamedText } from './named-file.ts'

export const sentFlags = {
  header: { kind: 'parsed', parse: (text: string) => text, variadic: true, optional: true, placeholder: 'HEADER', brief: "Sent with every request, such as 'Authorization: Bearer …'; may be given several times" },
  ca: textFlag('FILE', 'PEM of the authority that signed its certificate, if it is none that the system knows'),
} as const
export type SentFlags = { header: readonly string[] | undefined; ca: string | undefined }

/** As the API takes them; what is not given is left out. */
export async function sentInput(cli: Cli, { header, ca }: SentFlags): Promise<{ headers?: Record<string, string>; caPem?: string }> {
  const headers = headersOf(header ?? [])
  return { ...(Object.keys(headers).length === 0 ? {} : { headers }), ...(ca === undefined ? {} : { caPem: await readNamedText(cli, ca) }) }
}

function headersOf(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const colon = text.indexOf(':')
      if (colon < 1) throw new UsageError(`--header must be like 'Authorization: Bearer …', not "${text}"`)
      return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()]
    }),
  )
}
