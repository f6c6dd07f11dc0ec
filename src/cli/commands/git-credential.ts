import { optionalArgument, command, serverFlags, type ServerFlags } from '../command.ts'
import type { Cli } from '../context.ts'
import { readStdin } from '../prompt.ts'

/** git's credential helper protocol (gitcredentials(7)): `get` is answered, `store` and `erase` are none of our business. */
export const gitCredential = command({
  parameters: { positional: { kind: 'tuple', parameters: [optionalArgument('OPERATION', 'get, store or erase')] }, flags: serverFlags },
  async run(cli: Cli, flags: ServerFlags, operation: string | undefined) {
    if (operation !== 'get') return
    const asked = Object.fromEntries((await readStdin(cli.io, 65_536)).split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
    const { url, token } = await cli.connect(flags)
    const server = new URL(url)
    // The token goes to the server it belongs to, and nowhere else.
    if (token === undefined || `${asked['protocol']}:` !== server.protocol || asked['host'] !== server.host) return
    cli.out.line(`username=token\npassword=${token}`)
  },
})
