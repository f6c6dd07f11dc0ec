/**
 * What is being built of a push is kept where the death of control does not reach: git drops the objects of a push whose hook has died,
 * but its build goes on and may serve. `refs/nightshift/builds/<id>/commit` holds what is built, `…/from` where the branch stood (absent:
 * nowhere). When the build has succeeded and the branch still stands there, it moves; nobody sees these refs (transfer.hideRefs).
 */
import { link, mkdir, readdir, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { appName, environmentName } from '#contract/names.ts'
import { type Objects, type RepoName, git, repoPath } from './repos.ts'

const refs = 'refs/nightshift/builds'
const incoming = /^(tmp_objdir-)?incoming-/
/** What git itself moves out of quarantine, an index after its pack. */
const kinds = [/^pack\/pack-[0-9a-f]+\.pack$/, /^pack\/pack-[0-9a-f]+\.rev$/, /^pack\/pack-[0-9a-f]+\.idx$/, /^[0-9a-f]{2}\/[0-9a-f]{38,62}$/]

/**
 * Makes the objects of a push the repository's own, as links: git does the same once the push is accepted. Idempotent. Gives what takes
 * the links back that were not there before; only while the repository is held alone.
 */
export async function keepObjects(path: string, objects: Objects): Promise<() => Promise<void>> {
  const linked: string[] = []
  const takeBack = async () => {
    for (const file of linked.toReversed()) await rm(file, { force: true })
  }
  const quarantine = resolve(path, objects['GIT_QUARANTINE_PATH'] ?? '')
  if (dirname(quarantine) !== join(path, 'objects')) return takeBack // there is none
  const files = await readdir(quarantine, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error // nothing new was pushed
    return []
  })
  for (const file of kinds.flatMap((kind) => files.filter((one) => kind.test(one)))) {
    const to = join(path, 'objects', file)
    await mkdir(dirname(to), { recursive: true })
    await link(join(quarantine, file), to).then(
      () => linked.push(to),
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error // it was there already: objects are named by what they hold
      },
    )
  }
  return takeBack
}

/** Once its objects are kept, and before it is queued. `from`: null where there was no branch. */
export async function keepBuild(path: string, build: string, commit: string, from: string | null): Promise<void> {
  await git(path, ['update-ref', `${refs}/${build}/commit`, commit])
  if (from !== null) await git(path, ['update-ref', `${refs}/${build}/from`, from])
}

/** Idempotent. */
export async function forgetBuild(path: string, build: string): Promise<void> {
  for (const name of ['commit', 'from']) await git(path, ['update-ref', '-d', `${refs}/${build}/${name}`])
}

export type KeptBuild = { name: RepoName; path: string; build: string; commit: string; from: string | null }

/** Of all repositories. */
export async function keptBuilds(home: string): Promise<KeptBuild[]> {
  const kept: KeptBuild[] = []
  for (const { name, path } of await repositories(home)) {
    const lines = (await git(path, ['for-each-ref', '--format=%(refname) %(objectname)', refs]).catch(() => '')).split('\n').filter(Boolean)
    const at = new Map(lines.map((line) => line.slice(refs.length + 1).split(' ') as [string, string]))
    for (const [key, commit] of at) if (key.endsWith('/commit')) kept.push({ name, path, build: dirname(key), commit, from: at.get(`${dirname(key)}/from`) ?? null })
  }
  return kept
}

/** Moves the branch to what was built, if it stands where it stood then. False when it was moved meanwhile. */
export async function moveBranch({ path, commit, from }: Pick<KeptBuild, 'path' | 'commit' | 'from'>, branch: string): Promise<boolean> {
  const now = await git(path, ['rev-parse', '--verify', '--quiet', `refs/heads/${branch}`]).catch(() => '')
  if (now !== (from ?? '')) return false
  await git(path, ['update-ref', `refs/heads/${branch}`, commit, now])
  return true
}

/** Quarantines of pushes that nobody is left to accept. To be called before any push is let in. */
export async function removeIncoming(home: string): Promise<string[]> {
  const removed: string[] = []
  for (const { path } of await repositories(home)) {
    for (const name of (await readdir(join(path, 'objects')).catch(() => [])).filter((one) => incoming.test(one))) {
      await rm(join(path, 'objects', name), { recursive: true, force: true })
      removed.push(join(path, 'objects', name))
    }
  }
  return removed
}

async function repositories(home: string): Promise<{ name: RepoName; path: string }[]> {
  const found: { name: RepoName; path: string }[] = []
  for (const app of await readdir(join(home, 'git')).catch(() => [])) {
    for (const folder of await readdir(join(home, 'git', app)).catch(() => [])) {
      const environment = folder.replace(/\.git$/, '')
      if (!folder.endsWith('.git') || !appName.safeParse(app).success || !environmentName.safeParse(environment).success) continue
      found.push({ name: { app, environment }, path: repoPath(home, { app, environment }) })
    }
  }
  return found
}
