/** Why a whole app is as it is, from why each of its services is. Pure. */
import type { AppWhy, Why } from '#contract/healing.ts'
import type { AppDetail, Build } from '#contract/model.ts'
import { flagsOf, hasNoneToServe, waysToFirstRelease } from './ways.ts'

/** `whys`: one for each service, in the order of the manifest; `build`: the newest one. */
export function appWhyOf(app: AppDetail, whys: readonly Why[], build: Build | null): AppWhy {
  const worst = whys.length === 1 ? (whys[0] as Why) : (whys.toSorted(byNeed).find((why) => needOf(why) > 0) ?? null)
  return {
    app: app.name, environment: app.environment, health: app.health,
    sentence: `${app.name} is ${app.health}: ${app.because}.${app.health === 'empty' && build?.state === 'failed' ? ` Its newest build, ${build.id}, failed.` : ''}`,
    services: whys.map(({ service, health, sentence }) => ({ name: service, health, sentence })),
    worst,
    wayOut: hasNoneToServe(app) ? waysToFirstRelease(app, { build, ...(whys.length === 1 ? { service: (whys[0] as Why).service } : {}) }) : app.settings.stopped ? [`nightshift start ${flagsOf(app)}`] : [],
  }
}

/** What a person must know counts most, then what is not well, then what is being done, then what has been. 0: nothing to look at. */
function needOf({ health, alert, remediation, ends }: Why): number {
  const unwell = health === 'down' ? 4 : health === 'degraded' ? 3 : health === 'working' ? 2 : 0
  return (alert === null ? 0 : 10) + unwell * 2 + (remediation === null ? 0 : remediation.endedAt === null ? 2 : 1) + (ends.length > 0 ? 0.5 : 0)
}

const byNeed = (a: Why, b: Why) => needOf(b) - needOf(a)
