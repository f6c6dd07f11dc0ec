import { AppError } from '#base/errors.ts'
import { type AppFlags, appAliases, appFlags, command, optionalArgument, textFlag } from '../command.ts'
import type { Cli } from '../context.ts'
import { ask } from '../prompt.ts'
import { plural } from '../words.ts'

export const destroy = command({
  parameters: {
    positional: { kind: 'tuple', parameters: [optionalArgument('APP', 'Instead of --app')] },
    flags: { confirm: textFlag('NAME', 'The app’s name, instead of typing it'), ...appFlags },
    aliases: appAliases,
  },
  about: 'Stops every instance in every environment and forgets the app: its config, secrets, releases, builds and domains. Volumes are kept on their machines and listed.',
  examples: ['destroy -a shop', 'destroy -a shop --confirm shop'],
  async run(cli: Cli, flags: AppFlags & { confirm: string | undefined }, name: string | undefined) {
    const { client, app, environment } = await cli.target({ ...flags, app: name ?? flags.app })
    const detail = await client.call('apps.read', { params: { app }, query: { environment } })
    const confirm = flags.confirm ?? (await typed())
    if (confirm !== app) throw new AppError('conflict', `"${confirm}" is not the name of the app: nothing was destroyed (it is called ${app})`)
    const answer = await client.call('apps.destroy', { params: { app }, query: { confirm } })
    if (flags.json) return cli.out.json(answer)
    cli.out.line(`${app} is destroyed.`)
    if (answer.keptVolumes.length > 0) cli.out.line(`Kept, with all their data: ${plural(answer.keptVolumes.length, 'volume')}: ${answer.keptVolumes.join(', ')}`)

    async function typed(): Promise<string> {
      if (!cli.out.interactive) throw new AppError('invalid', `destroying ${app} must be confirmed: nightshift destroy -a ${app} --confirm ${app}`)
      const instances = detail.services.reduce((sum, service) => sum + service.instances.length, 0)
      cli.out.warn(`this stops ${plural(instances, 'instance')}${detail.environments.length > 1 ? `, all environments (${detail.environments.join(', ')}),` : ''} and forgets the app's config, secrets and releases.`)
      cli.out.note(detail.volumes.length === 0 ? 'It has no volumes.' : `Its volumes are kept: ${detail.volumes.map((volume) => volume.name).join(', ')}`)
      return (await ask(cli.io, `Type ${app} to destroy it: `)).trim()
    }
  },
})
