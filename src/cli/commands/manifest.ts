import { resolve } from 'node:path'
import { type AppFlags, appAliases, appFlags, command, optionalArgument, textFlag } from '../command.ts'
import type { Cli } from '../context.ts'
import { table } from '../table.ts'
import { readNamedText } from '../named-file.ts'
import { plural } from '../words.ts'

type Flags = AppFlags & { check: string | undefined }

export const manifest = command({
  parameters: {
    positional: { kind: 'tuple', parameters: [optionalArgument('DIR', 'A folder that names its app; default this one')] },
    flags: { check: textFlag('FILE', 'Check this file, without a server'), ...appFlags },
    aliases: appAliases,
  },
  about: 'Shows the manifest of the newest release with every default filled in, where it came from (nightshift.yml, Procfile, package.json …), and what operators set that differs from it. With --check, checks a file as far as it can be without a server, names each fault with its line and column, and what it did not look at; exits 1 if there are faults.',
  examples: ['manifest', 'manifest --check nightshift.yml'],
  async run(cli: Cli, flags: Flags, folder: string | undefined) {
    if (flags.check !== undefined) return check(cli, flags.check, flags.json)
    const { client, app, environment } = await cli.target(flags, folder === undefined ? cli.io.cwd : resolve(cli.io.cwd, folder))
    const view = await client.call('apps.manifest', { params: { app }, query: { environment } })
    if (flags.json) return cli.out.json(view)
    const { stringify } = await import('yaml')
    cli.out.line(cli.out.paint('dim', `# from ${view.source}`))
    cli.out.line(stringify(view.manifest, { lineWidth: 0 }).trimEnd())
    if (view.drift.length === 0) return
    cli.out.line()
    table(cli.out, view.drift, [
      { title: 'drift', value: (row) => row.path },
      { title: 'manifest', value: (row) => row.manifest },
      { title: 'actual', value: (row) => row.actual, style: () => 'yellow' },
    ])
  },
})

/** What a file alone does not say. */
const notLookedAt = ['whether the source builds and every service has a start command', 'whether its secrets are set', 'whether its domains are free']

async function check(cli: Cli, file: string, json: boolean): Promise<number> {
  const text = await readNamedText(cli, file)
  const { checkManifest } = await import('../manifest-check.ts')
  const { manifest: parsed, faults, notes } = await checkManifest(text)
  if (json) cli.out.json({ manifest: parsed, faults, notes, notLookedAt })
  else if (parsed !== null) {
    cli.out.line(`${file} is a valid manifest: ${plural(Object.keys(parsed.services).length, 'service')} (${Object.keys(parsed.services).join(', ')})`)
    for (const note of notes) cli.out.note(note)
    cli.out.note(`not looked at: ${notLookedAt.join(', ')} (a deploy tells)`)
  } else for (const fault of faults) cli.out.line(`${file}:${fault.line ?? 1}:${fault.column ?? 1}: ${fault.message}`)
  return faults.length === 0 ? 0 : 1
}
