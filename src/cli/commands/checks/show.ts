import { rhythmOf } from '#contract/rhythm-words.ts'
import { checkStyle, milliseconds } from '../../check-words.ts'
import { argument, command, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { harmless } from '../../output.ts'
import { localTime, since, when } from '../../times.ts'

export const checksShow = command({
  parameters: { positional: { kind: 'tuple', parameters: [argument('CHECK', 'Name or id')] }, flags: serverFlags },
  async run(cli: Cli, flags: ServerFlags, check: string) {
    const { client } = await cli.connect(flags)
    const one = await client.call('checks.read', { params: { check } })
    if (flags.json) return cli.out.json(one)
    const now = cli.now()
    cli.out.line(`${cli.out.paint('bold', one.name)}  ${one.kind}  ${one.id}${one.declared ? '  (of the manifest)' : ''}`)
    const style = checkStyle(one.state)
    cli.out.line(`${style === undefined ? one.state : cli.out.paint(style, one.state)} for ${since(one.since, now)}: ${harmless(one.because)}`)
    cli.out.line(one.kind === 'heartbeat' ? `a ping is due ${rhythmOf(one)}${one.dueAt === null ? '' : `, next ${localTime(one.dueAt)}`}` : `${rhythmOf(one)}, down after ${one.retries + 1} failed runs, from ${one.from.join(', ')}${one.quorum === null ? '' : ` (${one.quorum} must see it)`}`)
    for (const [name, value] of Object.entries(one.config)) cli.out.line(`  ${cli.out.paint('dim', name)} ${harmless(typeof value === 'string' ? value : JSON.stringify(value))}`)
    for (const name of one.secrets) cli.out.line(`  ${cli.out.paint('dim', name)} (sealed)`)
    for (const text of one.criteria) cli.out.line(`  ${cli.out.paint('dim', 'if')} ${text}`)
    for (const need of one.needNames) cli.out.line(`needs ${need.name}, which is ${need.state}`)
    if (one.ping !== null) cli.out.line(`told by ${one.ping.url}${one.ping.slugUrl === null ? '' : `\n        ${one.ping.slugUrl}`}`)
    for (const seen of one.vantages) {
      cli.out.line(`\n${cli.out.paint('dim', seen.vantage)}  ${seen.status} ${when(seen.at, now)}, took ${milliseconds(seen.durationMs)}: ${harmless(seen.message)}`)
      for (const metric of seen.metrics) cli.out.line(`  ${metric.name} ${metric.value}${metric.unit === undefined ? '' : ` ${metric.unit}`}`)
    }
  },
})
