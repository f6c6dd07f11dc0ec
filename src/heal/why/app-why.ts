/** Why a whole app is as it is, from why each of its services is. Pure. */
import type { AppWhy, Why } from '#contract/healing.ts'
import type { AppDetail } from '#contract/model.ts'

/** `whys`: one for each service, in the order of the manifest. */
export function appWhyOf(app: AppDetail, whys: readonly Why[]): AppWhy {
  const worst = whys.length === 1 ? (whys[0] as Why) : (whys.toSorted(byNeed).find((why) => needOf(why) > 0) ?? null)
  const at = `-a ${app.name}${app.environment === 'production' ? '' : ` -e ${app.environment}`}`
  return {
    app: app.name, environment: app.environment, health: app.health,
    sentence: `${app.name} is ${app.health}: ${app.because}.`,
    services: whys.map(({ service, health, sentence }) => ({ name: service, health, sentence })),
    worst,
    wayOut: app.health === 'empty' ? [`nightshift deploy ${at}`] : app.settings.stopped ? [`nightshift start ${at}`] : [],
  }
}

/** What a person must know counts most, then what is not well, then what is being done, then what has been. 0: nothing to look at. */
function needOf({ health, alert, remediation, ends }: Why): number {
  const unwell = health === 'down' ? 4 : health === 'degraded' ? 3 : health === 'working' ? 2 : 0
  return (alert === null ? 0 : 10) + unwell * 2 + (remediation === null ? 0 : remediation.endedAt === null ? 2 : 1) + (ends.length > 0 ? 0.5 : 0)
}

const byNeed = (a: Why, b: Why) => needOf(b) - needOf(a)
