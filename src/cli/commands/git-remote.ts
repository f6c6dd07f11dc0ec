import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { AppError, messageOf } from '#base/errors.ts'
import { type AppFlags, appAliases, appFlags, command, switchFlag, textFlag } from '../command.ts'
import type { Cli } from '../context.ts'
import type { Io } from '../output.ts'
import { appWordsAsFlags } from '../words.ts'

const exec = promisify(execFile)

type Flags = AppFlags & { name: string | undefined; print: boolean }

export const gitRemote = command({
  parameters: { flags: { name: textFlag('REMOTE', 'Name of the remote; default nightshift'), print: switchFlag('Only print the address'), ...appFlags }, aliases: appAliases },
  about: 'Adds the remote, and lets git ask this command for the credential when it pushes there: no token is written into the repository.',
  examples: ['git-remote', 'git-remote --name staging -e staging'],
  async run(cli: Cli, flags: Flags) {
    const { client, app, environment, url, from } = await cli.target(flags)
    const detail = await client.call('apps.read', { params: { app }, query: { environment } })
    if (flags.json) return cli.out.json(detail)
    const { gitUrl } = detail
    if (flags.print) return cli.out.line(gitUrl)
    const remote = flags.name ?? 'nightshift'
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,60}$/.test(remote)) throw new AppError('invalid', `"${remote}" is not a name for a git remote (letters, digits, . _ -)`)
    const git = async (...args: string[]): Promise<string> => (await exec('git', args, { cwd: cli.io.cwd })).stdout.trim()
    const branch = await currentBranch(git)
    const known = (await git('remote')).split('\n').includes(remote)
    const before = known ? await git('remote', 'get-url', remote).catch(() => '') : ''
    await git('remote', known ? 'set-url' : 'add', remote, gitUrl)
    const section = `credential.${new URL(gitUrl).origin}`
    await git('config', '--local', '--unset-all', `${section}.helper`).catch(() => '')
    // An empty helper first: no other helper on this machine gets to store the token.
    await git('config', '--local', '--add', `${section}.helper`, '')
    await git('config', '--local', '--add', `${section}.helper`, helperLine(serverWords(flags, url, from, cli.io)))
    const target = detail.settings.deployBranch
    cli.out.line(`${remote} ${known ? 'points' : 'is added and points'} to ${gitUrl}`)
    if (known && before !== gitUrl) cli.out.warn(`it pointed to ${before} until now (put it back: git remote set-url ${remote} ${before}; keep both: nightshift git-remote --name NAME)`)
    cli.out.line(`Deploy: git push ${remote} ${branch === target ? target : `HEAD:${target}`}`)
    cli.out.note(`Pushes to ${target} are deployed; another branch: nightshift apps settings --branch NAME ${appWordsAsFlags(app, environment)}`)
  },
})

async function currentBranch(git: (...args: string[]) => Promise<string>): Promise<string | undefined> {
  try {
    await git('rev-parse', '--git-dir')
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw new AppError('invalid', missing ? 'git is not installed on this machine' : `this folder is no git repository (git init makes one): ${messageOf(error).trimEnd().split('\n').at(-1) ?? ''}`)
  }
  return git('symbolic-ref', '--short', 'HEAD').catch(() => undefined)
}

/** The flags that lead a later `git push`, in another shell, to the same server. */
function serverWords(flags: AppFlags, url: string, from: string, { env, cwd }: Io): string[] {
  const home = flags.home ?? (from === 'NIGHTSHIFT_HOME' ? env['NIGHTSHIFT_HOME'] : undefined)
  if (home !== undefined) return ['--home', resolve(cwd, home)]
  return from === '--url' || from === 'NIGHTSHIFT_URL' ? ['--url', url] : []
}

/** git runs this line with /bin/sh: each word is quoted. */
function helperLine(serverFlags: readonly string[]): string {
  const executable = fileURLToPath(new URL('../../../bin/nightshift', import.meta.url))
  return `!${[executable, 'git-credential', ...serverFlags].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')}`
}
