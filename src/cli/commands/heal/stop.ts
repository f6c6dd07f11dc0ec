import { command, serverFlags, type ServerFlags, textFlag } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { harmless } from '../../output.ts'

export const healStop = command({
  parameters: { flags: { because: textFlag('TEXT', 'Why; others read it'), ...serverFlags } },
  about: 'Control does nothing any more by itself but watch. What proxies and agents mend at once (retries, ejection, restarts) goes on.',
  async run(cli: Cli, flags: ServerFlags & { because: string | undefined }) {
    const { client } = await cli.connect(flags)
    const overview = await client.call('healing.stop', { body: flags.because === undefined ? {} : { because: flags.because } })
    if (flags.json) return cli.out.json(overview)
    cli.out.line(harmless(`healing is stopped by ${overview.stopped?.by}: ${overview.stopped?.because}; nightshift heal resume lets it go on`))
  },
})
