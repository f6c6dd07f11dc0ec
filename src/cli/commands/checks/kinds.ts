import { command, optionalArgument, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { kindNamed } from '../../check-words.ts'
import { table } from '../../table.ts'

type Field = { type?: string; title?: string; description?: string; default?: unknown; enum?: string[] }

export const checksKinds = command({
  parameters: { positional: { kind: 'tuple', parameters: [optionalArgument('KIND', 'One of them, with its fields')] }, flags: serverFlags },
  async run(cli: Cli, flags: ServerFlags, name: string | undefined) {
    const { client } = await cli.connect(flags)
    const kinds = await client.call('checks.kinds')
    if (flags.json) return cli.out.json(name === undefined ? kinds : kindNamed(kinds, name))
    if (name === undefined) return table(cli.out, kinds, [{ title: 'kind', value: (one) => one.kind }, { title: 'from', value: (one) => (one.machineOnly ? 'machines' : one.controlOnly ? 'control' : 'anywhere') }, { title: 'about', value: (one) => one.about }])
    const { properties = {}, required = [] } = kindNamed(kinds, name).schema as { properties?: Record<string, Field>; required?: string[] }
    table(cli.out, Object.entries(properties), [
      { title: 'field', value: ([field]) => field },
      { title: 'value', value: ([, field]) => field.enum?.join(' ') ?? field.title ?? field.type ?? '' },
      { title: 'default', value: ([field, { default: usual }]) => (required.includes(field) ? 'required' : usual === undefined ? '' : typeof usual === 'string' ? usual : JSON.stringify(usual)) },
      { title: 'meaning', value: ([, field]) => field.description ?? '' },
    ])
  },
})
