/** What a push means: which ref may move, what is built, what the pusher reads. Asked by the hooks. */
import { AppError, messageOf } from '#base/errors.ts'
import { newId } from '#base/ids.ts'
import { formatDuration } from '#base/units.ts'
import { tellsFailure } from '#contract/build-words.ts'
import type { Actor, Build } from '#contract/model.ts'
import type { Builds } from '#run/builds/model.ts'
import type { Listener, Question, Update } from './hook-server.ts'
import { forgetBuild, keepBuild, keepObjects } from './kept.ts'
import { type Objects, type RepoName, archive, git, gitSays } from './repos.ts'

export type GitSettings = { deployBranch: string; allowForcePush: boolean }
export type RolloutStep = { step: string; detail: string; state: 'running' | 'done' | 'failed'; url: string | null }

export type PushDeps = {
  builds: Pick<Builds, 'queueGit' | 'followLog' | 'finished'>
  getSettings(name: RepoName): Promise<GitSettings>
  /** Steps from the build's end to traffic. */
  followRollout(name: RepoName, buildId: string, signal: AbortSignal): AsyncIterable<RolloutStep>
  /** For the journal. */
  onPush(name: RepoName, actor: Actor, update: { ref: string; commit: string; accepted: boolean; because: string }): Promise<void>
  /** Aborts when control closes. */
  signal: AbortSignal
}

export type Push = { name: RepoName; path: string; actor: Actor; /** Holds the repository alone until called. */ lock(): Promise<() => void> }

const zero = /^0+$/

/** One push: its two hooks, and the lock that is held from the check until the branch has moved. */
export function pushListener(deps: PushDeps, push: Push): { listener: Listener; end(): void } {
  let unlock: (() => void) | undefined
  let deployed: { id: string } | undefined
  const release = () => {
    unlock?.()
    unlock = undefined
  }
  return {
    async listener(question, say) {
      if (question.hook === 'pre-receive') {
        unlock = await push.lock()
        deployed = undefined
        const result = await receive(deps, push, question, say)
        if (result.buildId !== null) deployed = { id: result.buildId }
        if (!result.accepted) release()
        return result.accepted
      }
      if (deployed !== undefined) await forgetBuild(push.path, deployed.id)
      release() // the branch has moved: the next push may look at it
      if (deployed !== undefined) await tellRollout(deps, push, deployed.id, say)
      return true
    },
    end: release,
  }
}

async function receive(deps: PushDeps, push: Push, { updates, objects: given }: Question, say: (text: string) => void): Promise<{ accepted: boolean; buildId: string | null }> {
  const objects = quarantine(given)
  const settings = await deps.getSettings(push.name)
  const deployRef = `refs/heads/${settings.deployBranch}`
  for (const update of updates) {
    const because = await refusal(push, update, settings, deployRef, objects)
    if (because === null) continue
    say(`refused: ${because}`)
    await deps.onPush(push.name, push.actor, { ref: update.ref, commit: update.to, accepted: false, because })
    return { accepted: false, buildId: null }
  }
  for (const update of updates) {
    if (update.ref !== deployRef && update.ref.startsWith('refs/heads/')) say(`${update.ref.slice('refs/heads/'.length)} is stored, not deployed: the deploy branch of ${push.name.app} is ${settings.deployBranch} (deploy with: git push <remote> ${update.ref.slice('refs/heads/'.length)}:${settings.deployBranch})`)
  }
  const update = updates.find((each) => each.ref === deployRef)
  if (update === undefined) return { accepted: true, buildId: null }
  // a tag object can be pushed to a branch name: what is built is a commit
  const commit = await git(push.path, ['rev-parse', '--verify', '--quiet', `${update.to}^{commit}`], { objects })
  const { build, isTold } = await buildCommit(deps, push, { commit, branch: settings.deployBranch, from: zero.test(update.from) ? null : update.from }, objects, say)
  const accepted = build.state === 'succeeded'
  const because = accepted ? `v${build.release}` : `${build.state}: ${build.because}`
  if (!accepted) say(`refused: the build ${isTold ? build.state : because}. The branch stays where it was.`)
  await deps.onPush(push.name, push.actor, { ref: update.ref, commit, accepted, because })
  return { accepted, buildId: accepted ? build.id : null }
}

/** Why a ref may not move like this, or null. */
async function refusal(push: Push, update: Update, settings: GitSettings, deployRef: string, objects: Objects): Promise<string | null> {
  // git itself has checked the name (git-check-ref-format)
  if (!/^refs\/(heads|tags)\/\S+$/.test(update.ref)) return `${update.ref.slice(0, 100)} is neither a branch nor a tag`
  const now = await git(push.path, ['rev-parse', '--verify', '--quiet', update.ref]).catch(() => '')
  if (now !== (zero.test(update.from) ? '' : update.from)) return `${update.ref} was moved by another push meanwhile; fetch and try again`
  if (update.ref !== deployRef) return null
  if (zero.test(update.to)) return `${settings.deployBranch} is the deploy branch and cannot be deleted`
  if (zero.test(update.from) || settings.allowForcePush) return null
  if (await gitSays(push.path, ['merge-base', '--is-ancestor', update.from, update.to], objects)) return null
  return `${settings.deployBranch} would lose commits that are deployed (not a fast-forward). Pull first, or allow it: nightshift apps settings -a ${push.name.app} --force-push`
}

/** What is built outlives control: before it is queued, its commit is kept, and the branch follows it though the push be lost. What is refused leaves nothing. */
async function buildCommit(deps: PushDeps, push: Push, { commit, branch, from }: { commit: string; branch: string; from: string | null }, objects: Objects, say: (text: string) => void): Promise<{ build: Build; /** Its log ended with why it failed. */ isTold: boolean }> {
  const takeBack = await keepObjects(push.path, objects)
  const id = newId('bld')
  const forget = async () => {
    await forgetBuild(push.path, id)
    await takeBack()
  }
  await keepBuild(push.path, id, commit, from)
  await deps.builds.queueGit(push.actor, push.name, archive(push.path, commit, objects), { id, commit, branch }).catch(async (error: unknown) => {
    await forget()
    throw error
  })
  let last: string | undefined
  for await (const { text } of deps.builds.followLog(push.name, id, 0, deps.signal)) {
    say(text)
    last = text
  }
  const build = await deps.builds.finished(push.name, id, deps.signal)
  if (build.state !== 'succeeded') await forget()
  return { build, isTold: tellsFailure(last, build.because) }
}

async function tellRollout(deps: PushDeps, push: Push, buildId: string, say: (text: string) => void): Promise<void> {
  const started = performance.now()
  try {
    for await (const step of deps.followRollout(push.name, buildId, deps.signal)) {
      if (['queued', 'building', 'built'].includes(step.step)) continue // the build log said so
      const mark = step.state === 'failed' ? ' !    ' : '----->'
      say(`${mark} ${step.step}: ${step.detail} (${formatDuration(performance.now() - started)})`)
      if (step.url !== null) say(`       ${step.url}`)
    }
  } catch (error) {
    if (error instanceof AppError || !deps.signal.aborted) say(` !     the rollout cannot be followed any more: ${messageOf(error)}; it goes on`)
  }
}

/** Only the variables that say where the pushed objects lie. */
function quarantine(given: Record<string, string>): Objects {
  const objects: Objects = {}
  for (const name of ['GIT_OBJECT_DIRECTORY', 'GIT_ALTERNATE_OBJECT_DIRECTORIES', 'GIT_QUARANTINE_PATH']) if (given[name] !== undefined) objects[name] = given[name]
  return objects
}
