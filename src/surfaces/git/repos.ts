/** Bare repositories below `<home>/git`, and git run on them: argument arrays, a fixed environment, no configuration of the machine. */
import { execFile, spawn } from 'node:child_process'
import { access, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { AppError, messageOf } from '#base/errors.ts'
import { appName, environmentName } from '#contract/names.ts'

const run = promisify(execFile)

export type RepoName = { app: string; environment: string }

/** Where the repository lies. The names are checked again here, because they become a path. */
export function repoPath(home: string, { app, environment }: RepoName): string {
  return join(home, 'git', appName.parse(app), `${environmentName.parse(environment)}.git`)
}

/** What every git process of ours gets: nothing of the caller's own configuration counts. */
export function gitEnvironment(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin', HOME: '/nonexistent', LANG: 'C.UTF-8', GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', GIT_TERMINAL_PROMPT: '0' }
}

export async function repoExists(home: string, name: RepoName): Promise<boolean> {
  return access(join(repoPath(home, name), 'HEAD')).then(() => true, () => false)
}

/** Which environment a repository belongs to: when that was made. A name alone would give a repository to whoever takes the name next. */
const ownerFile = 'nightshift-owner'

/** Whether the repository, if there is one, was made for the environment that was made at `since`. One without a mark is judged by its age. */
export async function isRepoOf(home: string, name: RepoName, since: Date): Promise<boolean> {
  const path = repoPath(home, name)
  const mark = await readFile(join(path, ownerFile), 'utf8').catch(() => null)
  if (mark !== null) return mark.trim() === since.toISOString()
  const made = await stat(join(path, 'config')).catch(() => null)
  return made === null || made.mtimeMs >= since.getTime()
}

/** Makes the repository if there is none, and points its HEAD to the deploy branch. Idempotent. */
export async function ensureRepo(home: string, name: RepoName, since: Date, deployBranch: string): Promise<void> {
  const path = repoPath(home, name)
  if (!(await repoExists(home, name))) {
    const unfinished = `${path}.${process.pid}.new`
    await rm(unfinished, { recursive: true, force: true })
    await mkdir(join(home, 'git', name.app), { recursive: true, mode: 0o700 })
    await git(unfinished, ['init', '--quiet', '--bare', '--template=', unfinished], { bare: false })
    await writeFile(join(unfinished, ownerFile), `${since.toISOString()}\n`)
    await rename(unfinished, path).catch(async (error: NodeJS.ErrnoException) => {
      await rm(unfinished, { recursive: true, force: true })
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error // somebody else was faster
    })
  }
  await git(path, ['symbolic-ref', 'HEAD', `refs/heads/${deployBranch}`])
}

export async function removeRepo(home: string, name: RepoName): Promise<void> {
  await rm(repoPath(home, name), { recursive: true, force: true })
}

export type Objects = Record<string, string>

/** Runs git in a repository and answers its output. @param options.objects  variables of a push's quarantine */
export async function git(path: string, args: string[], options: { objects?: Objects; bare?: boolean } = {}): Promise<string> {
  try {
    const { stdout } = await run('git', options.bare === false ? args : ['--git-dir', path, ...args], { env: { ...gitEnvironment(), ...options.objects }, maxBuffer: 1024 * 1024 })
    return stdout.trim()
  } catch (error) {
    throw new AppError('internal', `git ${args[0]} failed in ${path}: ${messageOf(error).slice(0, 500)}`, { cause: error }) // for our log: told.ts keeps it there
  }
}

/** Whether a git command that answers with its exit status says yes (0) or no (1). */
export async function gitSays(path: string, args: string[], objects: Objects): Promise<boolean> {
  return run('git', ['--git-dir', path, ...args], { env: { ...gitEnvironment(), ...objects } }).then(
    () => true,
    (error: { code?: unknown }) => {
      if (error.code === 1) return false
      throw new AppError('internal', `git ${args[0]} failed in ${path}`, { cause: error })
    },
  )
}

/** The tree of a commit as a tar. The stream fails when git does. */
export function archive(path: string, commit: string, objects: Objects): AsyncIterable<Uint8Array> {
  return (async function* () {
    const child = spawn('git', ['--git-dir', path, 'archive', '--format=tar', commit], { env: { ...gitEnvironment(), ...objects }, stdio: ['ignore', 'pipe', 'pipe'] })
    let complaint = ''
    child.stderr.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(0, 500)))
    const ended = new Promise<number | null>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', resolve)
    })
    ended.catch(() => {}) // told by the await below
    try {
      yield* child.stdout as Readable as AsyncIterable<Uint8Array>
      const code = await ended
      if (code !== 0) throw new AppError('internal', `git archive ended with ${code}: ${complaint.trim()}`)
    } finally {
      child.kill('SIGKILL') // left early
    }
  })()
}
