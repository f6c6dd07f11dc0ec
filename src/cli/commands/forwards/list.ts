import { command, serverFlags, type ServerFlags } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { table } from '../../table.ts'
import { when } from '../../times.ts'

export const forwardsList = command({
  parameters: { flags: serverFlags },
  async run(cli: Cli, flags: ServerFlags) {
    const { client } = await cli.connect(flags)
    const forwards = await client.call('forwards.list')
    if (flags.json) return cli.out.json(forwards)
    if (forwards.length === 0) return cli.out.line('No forwards: metrics stay here. Add one: nightshift forwards add URL')
    const now = cli.now()
    table(cli.out, forwards, [
      { title: 'id', value: (forward) => forward.id },
      { title: 'to', value: (forward) => forward.url },
      { title: 'labels', value: (forward) => Object.entries(forward.labels).map(([name, value]) => `${name}=${value}`).join(' ') || null },
      { title: 'sent', value: (forward) => String(forward.sent) },
      { title: 'given up', value: (forward) => (forward.dropped === 0 ? null : String(forward.dropped)) },
      { title: 'up to', value: (forward) => when(forward.position, now, false) },
      { title: 'state', value: (forward) => (forward.state === 'failing' ? `failing: ${forward.lastError}` : forward.lastError === null ? 'sending' : `sending; last refused: ${forward.lastError}`) },
    ])
  },
})
