import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const exec = promisify(execFile)

export type GitState = { commit: string; dirty: boolean }

/** The commit checked out in a folder; undefined without git, outside a repository, or before the first commit. */
export async function gitState(folder: string): Promise<GitState | undefined> {
  const git = async (...args: string[]): Promise<string> => (await exec('git', args, { cwd: folder, timeout: 5000, maxBuffer: 16 * 1024 * 1024, env: { ...process.env, GIT_OPTIONAL_LOCKS: '0' } })).stdout.trim()
  try {
    const commit = await git('rev-parse', '--verify', '--quiet', 'HEAD')
    if (!/^[0-9a-f]{40,64}$/.test(commit)) return undefined
    return { commit, dirty: (await git('status', '--porcelain', '--', '.')) !== '' }
  } catch {
    return undefined
  }
}
