import { type AppFlags, appAliases, appFlags, command, proposeServicesAndInstances } from '../command.ts'
import type { Cli } from '../context.ts'
import { appWords, appWordsAsFlags, plural } from '../words.ts'

export const restart = command({
  parameters: {
    positional: { kind: 'tuple', parameters: [{ placeholder: 'WHAT', brief: 'A service (web) or an instance (web.1); without, all', parse: (text: string) => text, optional: true, proposeCompletions: proposeServicesAndInstances }] },
    flags: appFlags,
    aliases: appAliases,
  },
  about: 'Each instance is restarted only when the one before is ready, so that a service with several never stands still.',
  examples: ['restart', 'restart web', 'restart web.1'],
  async run(cli: Cli, flags: AppFlags, what: string | undefined) {
    const { client, app, environment } = await cli.target(flags)
    const body = what === undefined ? {} : what.includes('.') ? { instance: what } : { service: what }
    const answer = await client.call('apps.restart', { params: { app }, query: { environment }, body })
    if (flags.json) return cli.out.json(answer)
    if (answer.instances.length === 0) return cli.out.line(`${appWords(app, environment)} has no instances to restart`)
    cli.out.line(`restarting ${plural(answer.instances.length, 'instance')}, one after the other: ${answer.instances.join(', ')} (see: nightshift ps ${appWordsAsFlags(app, environment)})`)
  },
})
