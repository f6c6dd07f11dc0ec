/** What a change of config or secrets says: the release it made, and the rollout of it if asked to wait. */
import type { Cli, Target } from './context.ts'
import { sayRollout } from './rollout-watch.ts'
import { appWords, appWordsAsFlags } from './words.ts'

type Changed = { release: number; rollout: string | null } | null

export async function sayChanged(cli: Cli, target: Target, what: string, answer: Changed, flags: { wait: boolean }): Promise<number> {
  const { out } = cli
  const { app, environment } = target
  if (answer === null) out.line(`${what} in ${appWords(app, environment)}; no release was made: it was so already, or there is none yet`)
  else if (answer.rollout === null) out.line(`${what} in ${appWords(app, environment)}: v${answer.release}`)
  else if (!flags.wait) out.line(`${what} in ${appWords(app, environment)}: v${answer.release} is rolling out (see: nightshift rollout ${appWordsAsFlags(app, environment)})`)
  else {
    out.line(`${what} in ${appWords(app, environment)}: v${answer.release} is rolling out`)
    return sayRollout(cli, target, answer.release, { wayOut: `more: nightshift rollout ${appWordsAsFlags(app, environment)}` })
  }
  return 0
}
