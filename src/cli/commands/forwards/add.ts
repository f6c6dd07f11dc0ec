import { argument, assignments, command, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { type SentFlags, sentFlags, sentInput } from '../../sent-headers.ts'

type Flags = ServerFlags & SentFlags & { label: readonly string[] | undefined }

export const forwardsAdd = command({
  parameters: {
    positional: { kind: 'tuple', parameters: [argument('URL', 'A receiver of Prometheus remote write; without a path, /api/v1/write is meant')] },
    flags: {
      label: { kind: 'parsed', parse: (text: string) => text, variadic: true, optional: true, placeholder: 'NAME=VALUE', brief: 'Added to every series that has no such label; may be given several times' },
      ...sentFlags,
      ...serverFlags,
    },
  },
  about: 'Every sample that is stored from now on is sent; needs admin. A user and password in the address are sent as basic authorization. What is secret in the address and the headers is sealed and never shown again.',
  examples: ['forwards add https://prometheus.example.com/api/v1/write --label cluster=eu', "forwards add https://metrics.example.com/push --header 'Authorization: Bearer abc'"],
  async run(cli: Cli, flags: Flags, url: string) {
    const { client } = await cli.connect(flags)
    const forward = await client.call('forwards.add', { body: { url, labels: assignments(flags.label ?? [], '--label cluster=eu'), ...(await sentInput(cli, flags)) } })
    if (flags.json) return cli.out.json(forward)
    cli.out.line(`${forward.id}: metrics are sent to ${forward.url} from now on (try it: nightshift forwards test ${forward.id})`)
  },
})
