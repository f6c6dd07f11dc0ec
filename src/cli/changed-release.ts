/** What a change of config or secrets says: the release it made, and with `wait` the rollout of it and the watch after that, as a deploy. */
import type { Cli, Target } from './context.ts'
import { isStopped, sayRollout } from './rollout-watch.ts'
import { appWords, appWordsAsFlags, madeWords } from './words.ts'

type Changed = { release: number; rollout: string | null } | null

export async function sayChanged(cli: Cli, target: Target, what: string, answer: Changed, { wait, json }: { wait: boolean; json: boolean }): Promise<number> {
  const { out } = cli
  const { app, environment } = target
  const isFollowed = wait && answer?.rollout != null
  if (json) (isFollowed ? out.jsonLine : out.json).call(out, answer)
  else if (answer === null) out.line(`${what} in ${appWords(app, environment)}; no release was made: it was so already, or there is none yet`)
  else if (answer.rollout === null) out.line(`${what} in ${appWords(app, environment)}: v${answer.release}`)
  else if (await isStopped(target)) {
    out.line(`${what}. ${madeWords(target, answer.release)}`)
    return 0
  } else out.line(`${what} in ${appWords(app, environment)}: v${answer.release} is rolling out${wait ? '' : ` (see: nightshift rollout ${appWordsAsFlags(app, environment)})`}`)
  return isFollowed ? sayRollout(cli, target, answer.release, { wait, json }) : 0
}
