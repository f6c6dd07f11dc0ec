import { command, switchFlag } from '../command.ts'
import type { Cli } from '../context.ts'
import { loginFile, removeLogin } from '../saved-login.ts'

export const logout = command({
  parameters: { flags: { json: switchFlag('Print {"removed": true or false}') } },
  about: 'The token itself goes on to open things until it expires; nightshift tokens revoke ends it.',
  async run(cli: Cli, flags: { json: boolean }) {
    const removed = await removeLogin(cli.io.env)
    if (flags.json) return cli.out.json({ removed })
    cli.out.line(removed ? `Logged out; ${loginFile(cli.io.env)} is removed` : 'There was no saved login')
  },
})
