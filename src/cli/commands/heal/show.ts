import { argument, command, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { harmless } from '../../output.ts'
import { storyLines, targetWords } from '../../remediation-words.ts'
import { localClock } from '../../times.ts'

const mostEvents = 12

export const healShow = command({
  parameters: { positional: { kind: 'tuple', parameters: [argument('ID', 'An id of nightshift heal list')] }, flags: serverFlags },
  async run(cli: Cli, flags: ServerFlags, id: string) {
    const { client } = await cli.connect(flags)
    const one = await client.call('healing.read', { params: { id } })
    if (flags.json) return cli.out.json(one)
    cli.out.line(`${cli.out.paint('bold', targetWords(one))}  rule ${one.rule}`)
    for (const line of storyLines(cli.out, one)) cli.out.line(line)
    if (one.state === 'suggested') cli.out.line(`\n${one.next} waits for approval: nightshift heal approve ${one.id}`)
    const around = one.events.slice(-mostEvents)
    if (around.length > 0) cli.out.line(`\n${cli.out.paint('dim', 'journal')}`)
    for (const event of around) cli.out.line(`${cli.out.paint('dim', localClock(new Date(event.at)))}  ${harmless(event.summary)}`)
    if (one.lines.length > 0) cli.out.line(`\n${cli.out.paint('dim', 'log')}`)
    for (const line of one.lines.slice(-mostEvents)) cli.out.line(`${cli.out.paint('dim', `${localClock(new Date(line.at))}  ${line.instance}`)}  ${harmless(line.text)}`)
  },
})
