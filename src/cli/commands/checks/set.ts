import { type CommonFlags, commonFlags, commonOf, configOf, kindNamed } from '../../check-words.ts'
import { argument, command, serverFlags, type ServerFlags, textFlag } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { withNeeds } from './add.ts'

type Flags = ServerFlags & CommonFlags & { name: string | undefined }

export const checksSet = command({
  parameters: { positional: { kind: 'array', parameter: argument('CHECK [FIELD=VALUE]', 'Name or id, and the fields that change'), minimum: 1 }, flags: { name: textFlag('NAME', 'Another name'), ...commonFlags, ...serverFlags }, aliases: { n: 'name' } },
  usage: 'CHECK [FIELD=VALUE…]',
  about: 'What is not named stays as it is, secrets too; FIELD= takes a field away, a secret too.',
  examples: ['checks set checkout body=Pay --every 10s', 'checks set db user= password='],
  async run(cli: Cli, flags: Flags, ...words: string[]) {
    const { client } = await cli.connect(flags)
    const [check, ...rest] = words as [string, ...string[]]
    const before = await client.call('checks.read', { params: { check } })
    const fields = rest.length === 0 ? {} : { config: { ...before.config, ...configOf(kindNamed(await client.call('checks.kinds'), before.kind), rest) } }
    const made = await client.call('checks.update', { params: { check: before.id }, body: { ...fields, ...(flags.name === undefined ? {} : { name: flags.name }), ...(await withNeeds(client, commonOf(flags))) } })
    if (flags.json) return cli.out.json(made)
    cli.out.line(`the check ${made.name} is changed; nightshift checks show ${made.id}`)
  },
})
