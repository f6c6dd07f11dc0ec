import { type AppFlags, appAliases, appFlags, assignments, command, proposeServices, wholeNumber } from '../command.ts'
import type { Cli } from '../context.ts'
import { UsageError } from '../errors.ts'
import { table } from '../table.ts'

export const scale = command({
  parameters: {
    positional: { kind: 'array', parameter: { placeholder: 'SERVICE=COUNT', brief: 'How many instances', parse: (text: string) => text, proposeCompletions: proposeScales }, minimum: 0 },
    flags: appFlags,
    aliases: appAliases,
  },
  about: 'The numbers are kept over deploys and shown as drift against the manifest. Without arguments, shows the numbers as they are.',
  examples: ['scale web=3 worker=1', 'scale worker=0'],
  async run(cli: Cli, flags: AppFlags, ...words: string[]) {
    const { client, app, environment } = await cli.target(flags)
    if (words.length > 0) {
      const services = Object.fromEntries(Object.entries(assignments(words, 'nightshift scale web=3')).map(([service, count]) => [service, countOf(service, count)]))
      const answer = await client.call('apps.scale', { params: { app }, query: { environment }, body: { services } })
      if (flags.json) return cli.out.json(answer)
      for (const [service, count] of Object.entries(answer.services)) if (service in services) cli.out.line(`${service} is scaled to ${count}`)
      return
    }
    const detail = await client.call('apps.read', { params: { app }, query: { environment } })
    if (flags.json) return cli.out.json(detail.services)
    table(cli.out, detail.services, [
      { title: 'service', value: (service) => service.name },
      { title: 'wanted', value: (service) => service.wanted, align: 'right' },
      { title: 'ready', value: (service) => service.ready, align: 'right' },
      { title: 'manifest', value: (service) => (service.manifestScale === service.wanted ? null : service.manifestScale), align: 'right' },
    ])
  },
})

function countOf(service: string, text: string): number {
  try {
    return wholeNumber(text, { min: 0, max: 100 })
  } catch (error) {
    throw new UsageError(`${service}: ${(error as Error).message}`)
  }
}

async function proposeScales(this: ThisParameterType<typeof proposeServices>): Promise<string[]> {
  return (await proposeServices.call(this)).map((service) => `${service}=`)
}
