/** What to type next where no release serves. Pure. */
import type { AppDetail, Build } from '#contract/model.ts'

/** The flags that name an environment. */
export const flagsOf = (app: Pick<AppDetail, 'name' | 'environment'>): string => `-a ${app.name}${app.environment === 'production' ? '' : ` -e ${app.environment}`}`

/** No release ever worked, and none is on its way: neither more instances nor a start bring one about. */
export const hasNoneToServe = ({ release, rollout }: Pick<AppDetail, 'release' | 'rollout'>): boolean => release === null && (rollout === null || rollout.finishedAt !== null)

/** Where the reason of what failed stands, then what is done about it. `build`: the newest one. */
export function waysToFirstRelease(app: AppDetail, { service, build }: { service?: string; build?: Build | null }): string[] {
  const at = flagsOf(app)
  const ofBuild = build?.state === 'failed' ? [`nightshift builds log ${build.id} ${at}`] : []
  const ofRollout = app.rollout === null ? [] : [`nightshift rollout ${at}`, `nightshift logs ${at}${service === undefined ? '' : ` -s ${service}`}`]
  return [...ofBuild, ...ofRollout, `nightshift deploy ${at}`]
}
