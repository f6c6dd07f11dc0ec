import type { Selection } from '#contract/selecting.ts'
import { AppError } from '#base/errors.ts'
import { type AppFlags, appAliases, appFlags, command, proposeServicesAndInstances, switchFlag, textFlag } from '../command.ts'
import type { Cli } from '../context.ts'
import { UsageError } from '../errors.ts'
import { ask } from '../prompt.ts'
import { appWords, appWordsAsFlags, plural } from '../words.ts'

type Flags = AppFlags & { where: string | undefined; yes: boolean }

export const restart = command({
  parameters: {
    positional: { kind: 'tuple', parameters: [{ placeholder: 'WHAT', brief: 'A service (web) or an instance (web.1); without, all', parse: (text: string) => text, optional: true, proposeCompletions: proposeServicesAndInstances }] },
    flags: { where: textFlag('QUERY', 'The instances that a query matches, of all apps (docs/selectors.md)'), yes: switchFlag('Do not ask whether the instances that are shown are meant'), ...appFlags },
    aliases: { ...appAliases, y: 'yes' },
  },
  about: 'Each instance is restarted only when the one before is ready, so that a service with several never stands still.',
  examples: ['restart', 'restart web', 'restart web.1', "restart --where 'node:n1 service:web'"],
  async run(cli: Cli, flags: Flags, what: string | undefined) {
    if (flags.where !== undefined) return restartWhere(cli, flags, flags.where, what)
    const { client, app, environment } = await cli.target(flags)
    const body = what === undefined ? {} : what.includes('.') ? { instance: what } : { service: what }
    const answer = await client.call('apps.restart', { params: { app }, query: { environment }, body })
    if (flags.json) return cli.out.json(answer)
    if (answer.instances.length === 0) return cli.out.line(`${appWords(app, environment)} has no instances to restart`)
    cli.out.line(`restarting ${plural(answer.instances.length, 'instance')}, one after the other: ${answer.instances.join(', ')} (see: nightshift ps ${appWordsAsFlags(app, environment)})`)
  },
})

/** What is restarted is the list that was shown, whatever the query would match a moment later. */
async function restartWhere(cli: Cli, flags: Flags, query: string, what: string | undefined): Promise<void> {
  if (what !== undefined || flags.app !== undefined || flags.env !== undefined) throw new UsageError('--where stands alone: say the app in the query, as in --where "app:shop service:web"')
  const { client } = await cli.connect(flags)
  const selection = await client.call('selectors.match', { query: { query } })
  if (selection.because !== null) throw new AppError('invalid', `nothing was restarted: ${selection.because}`)
  if (selection.instances.length === 0) throw new AppError('not-found', `nothing was restarted: no instance matches ${selection.query} (see: nightshift find '${selection.query}')`)
  await confirm(cli, flags, selection)
  const done: { app: string; environment: string; instance: string }[] = []
  for (const { app, environment, instance } of selection.instances) {
    const answer = await client.call('apps.restart', { params: { app }, query: { environment }, body: { instance } })
    done.push(...answer.instances.map((name) => ({ app, environment, instance: name })))
  }
  if (flags.json) return cli.out.json({ instances: done })
  cli.out.line(`restarting ${plural(done.length, 'instance')}, in each service one after the other`)
}

async function confirm(cli: Cli, flags: Flags, { instances, query }: Selection): Promise<void> {
  if (!flags.json) for (const one of instances) cli.out.line(`  ${appWords(one.app, one.environment)}/${one.instance}  on ${one.machine}, ${one.state}`)
  if (flags.yes) return
  if (!cli.out.interactive) throw new AppError('invalid', `${query} matches ${plural(instances.length, 'instance')}: nothing was restarted (look at them, then add --yes)`)
  const answer = (await ask(cli.io, `Restart ${instances.length === 1 ? 'this instance' : `these ${instances.length} instances`}? Type yes: `)).trim()
  if (answer !== 'yes') throw new AppError('conflict', `"${answer}" is not yes: nothing was restarted`)
}
