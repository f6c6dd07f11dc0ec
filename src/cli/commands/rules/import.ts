import { basename } from 'node:path'
import { AppError, isAppError } from '#base/errors.ts'
import { argument, command, serverFlags, type ServerFlags, switchFlag } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { harmless } from '../../output.ts'
import { readNamedText } from '../../named-file.ts'
import { plural } from '../../words.ts'

export const rulesImport = command({
  parameters: { positional: { kind: 'tuple', parameters: [argument('FILE', 'A rule file of Prometheus')] }, flags: { dryRun: switchFlag('Say what would be taken over, and save nothing'), ...serverFlags } },
  about: 'Takes over the alert rules that can be expressed here, each under its name in small letters (HighErrorRate is high-error-rate), and names the others with the reason.',
  examples: ['rules import rules.yml --dry-run', 'rules import rules.yml'],
  async run(cli: Cli, flags: ServerFlags & { dryRun: boolean }, file: string) {
    const text = await readNamedText(cli, file)
    const { client } = await cli.connect(flags)
    const { rules, skipped, saved } = await client.call('rules.import', { body: { text, source: basename(file).slice(0, 100), save: !flags.dryRun } }).catch((error: unknown) => {
      throw isAppError(error, 'invalid') ? new AppError('invalid', `${file}: ${error.message}`, { cause: error, fields: error.fields }) : error
    })
    if (flags.json) return cli.out.json({ rules, skipped, saved })
    cli.out.line(`${plural(rules.length, 'rule')} ${saved ? (rules.length === 1 ? 'is' : 'are') : 'would be'} taken over${rules.length === 0 ? '' : ':'}`)
    for (const { id, about, replaces } of rules) cli.out.line(`  ${id}  ${harmless(about)}${replaces ? ', in place of the rule of that name' : ''}`)
    if (skipped.length > 0) cli.out.line(`${plural(skipped.length, 'rule')} could not be:`)
    for (const { name, because } of skipped) cli.out.line(`  ${harmless(name)}  ${harmless(because)}`)
  },
})
