import { type AppFlags, appAliases, appFlags, argument, command, textFlag } from '../../command.ts'
import type { Cli } from '../../context.ts'
import { UsageError } from '../../errors.ts'
import { readNamedText } from '../../named-file.ts'

type Flags = AppFlags & { service: string | undefined; path: string | undefined; cert: string | undefined; key: string | undefined }

export const domainsAdd = command({
  parameters: {
    positional: { kind: 'tuple', parameters: [argument('HOST', 'Such as shop.example.com, or *.example.com')] },
    flags: {
      service: textFlag('SERVICE', 'Service that answers; default web'),
      path: textFlag('PATH', 'Path prefix; default /'),
      cert: textFlag('FILE', 'Certificate chain as PEM'),
      key: textFlag('FILE', 'Its private key as PEM'),
      ...appFlags,
    },
    aliases: { ...appAliases, s: 'service' },
  },
  about: 'Let the name point to a machine that runs the proxy. With a certificate, it is served over https too.',
  examples: ['domains add shop.example.com', 'domains add shop.example.com --cert chain.pem --key key.pem', 'domains add shop.example.com --service api --path /api'],
  async run(cli: Cli, flags: Flags, host: string) {
    if ((flags.cert === undefined) !== (flags.key === undefined)) throw new UsageError('--cert and --key go together')
    const { client, app, environment } = await cli.target(flags)
    const body = {
      host: host.toLowerCase(),
      ...(flags.service === undefined ? {} : { service: flags.service }),
      ...(flags.path === undefined ? {} : { path: flags.path }),
      ...(flags.cert === undefined || flags.key === undefined ? {} : { certificatePem: await readNamedText(cli, flags.cert), keyPem: await readNamedText(cli, flags.key) }),
    }
    const route = await client.call('domains.add', { params: { app }, query: { environment }, body })
    if (flags.json) return cli.out.json(route)
    cli.out.line(`${route.host}${route.path === '/' ? '' : route.path} leads to ${route.service}: ${route.url}`)
  },
})
