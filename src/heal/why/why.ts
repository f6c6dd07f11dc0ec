/** Why a service is as it is, in plain words, from what all floors know. Pure. */
import { formatDuration } from '#base/units.ts'
import type { Alert, HealPause, InstanceEnd, Remediation, Why } from '#contract/healing.ts'
import type { AppDetail, Bake, JournalEvent, LogLine, ServiceSummary } from '#contract/model.ts'
import { endsOf } from './ends.ts'
import { flagsOf, hasNoneToServe, waysToFirstRelease } from './ways.ts'

const mostEnds = 10

export type WhyFacts = {
  app: AppDetail
  service: ServiceSummary
  /** Newest first, of this service. */
  remediations: readonly Remediation[]
  alert: Alert | null
  bake: Bake | null
  changes: readonly JournalEvent[]
  /** Of the instances of the app in the last hour, oldest first. */
  events: readonly JournalEvent[]
  lines: readonly LogLine[]
  stopped: { by: string; because: string } | null
  pause: HealPause | null
  now: Date
}

export function whyOf(facts: WhyFacts): Why {
  const { app, service, remediations, alert, changes, lines, now } = facts
  const open = remediations.find((one) => one.endedAt === null) ?? null
  const unready = service.instances.filter((instance) => instance.kind === 'service' && instance.state !== 'ready')
  const ends = endsOf(facts.events, service.name, now)
  return {
    app: app.name, environment: app.environment, service: service.name, health: service.health,
    sentence: sentenceOf(facts, open, ends),
    waiting: waitingOf(facts, open),
    tried: remediations.flatMap((one) => one.tries.toReversed().map((each) => ({ at: each.at, what: each.did, outcome: each.verdict === null ? each.outcome : `${each.outcome}: ${each.verdict}` }))),
    ends: ends.slice(0, mostEnds),
    changes: [...changes],
    instances: unready.map(({ name, state, because }) => ({ name, state, because })),
    lines: unready.length === 0 ? [] : [...lines],
    alert,
    pause: facts.pause,
    remediation: open ?? remediations.find((one) => one.endedAt !== null && now.getTime() - Date.parse(one.endedAt) < 3_600_000) ?? null,
    wayOut: wayOutOf(facts, open, ends),
  }
}

function sentenceOf({ app, service, remediations, alert, now }: WhyFacts, open: Remediation | null, ends: readonly InstanceEnd[]): string {
  const name = `${app.name}/${service.name}`
  const state = `${name} is ${service.health}: ${service.because}.`
  if (open !== null) return `${state} Noticed ${formatDuration(Math.max(0, now.getTime() - Date.parse(open.signal.since)))} ago: ${open.signal.because}. Cause: ${open.cause.because}.`
  const last = remediations[0]
  if (last?.endedAt != null && now.getTime() - Date.parse(last.endedAt) < 3_600_000) return `${state} ${formatDuration(now.getTime() - Date.parse(last.endedAt))} ago: ${last.because}.`
  if (service.health !== 'healthy' || alert !== null) return state
  return `${state} ${calmWords(ends, now)}`
}

/** Of a service that is well, about the hour behind it; each end is told in full beside it. */
function calmWords(ends: readonly InstanceEnd[], now: Date): string {
  const [newest] = ends
  if (newest === undefined) return 'No instance of it is known to have failed in the last hour.'
  const ago = `${formatDuration(Math.max(0, now.getTime() - Date.parse(newest.endedAt)))} ago`
  const back = newest.backAfterMs === null ? '' : `, and was back after ${formatDuration(newest.backAfterMs)}`
  const told = ends.length === 1 ? `${newest.instance} ended ${ago}${back}.` : `Instances of it ended ${ends.length} times in the last hour; the last one was ${newest.instance}, ${ago}${back}.`
  return `${told}${ends.every((end) => end.fromOutside && end.backAt !== null) ? ' Nothing is left to do.' : ''}`
}

function waitingOf({ app, service, bake, stopped, pause }: WhyFacts, open: Remediation | null): string[] {
  const waiting: string[] = []
  if (open?.state === 'verifying') waiting.push(`whether it helps that ${open.tries.at(-1)?.did}`)
  else if (open !== null) waiting.push(open.because)
  if (stopped !== null && open !== null) waiting.push(`healing is stopped by ${stopped.by}: ${stopped.because} (nightshift heal resume)`)
  if (pause !== null) waiting.push(`healing is paused by ${pause.by} until ${pause.until}: ${pause.because} (nightshift heal unpause ${pause.id})`)
  if (app.rollout !== null && app.rollout.finishedAt === null) waiting.push(`the rollout of v${app.rollout.release}: ${app.rollout.because}`)
  if (bake?.state === 'baking') waiting.push(`v${bake.release} is compared with v${bake.fromRelease} until ${bake.until}`)
  for (const instance of service.instances) if (instance.retryAt !== null && instance.state !== 'ready') waiting.push(`${instance.name} is started again at ${instance.retryAt}`)
  return waiting
}

function wayOutOf({ app, service, alert }: WhyFacts, open: Remediation | null, ends: readonly InstanceEnd[]): string[] {
  const at = flagsOf(app)
  const ways: string[] = []
  if (open?.state === 'suggested') ways.push(`nightshift heal approve ${open.id}`)
  if (open !== null) ways.push(`nightshift heal show ${open.id}`)
  if (hasNoneToServe(app)) return [...ways, ...waysToFirstRelease(app, { service: service.name })]
  if (service.health === 'stopped') ways.push(app.settings.stopped ? `nightshift start ${at}` : `nightshift scale ${service.name}=1 ${at}`)
  if (service.health === 'down' || service.health === 'degraded' || alert !== null) ways.push(`nightshift logs ${at} -s ${service.name}`, ...(app.release !== null && app.release > 1 ? [`nightshift rollback ${at}`] : []))
  else if (ends.some((end) => !end.fromOutside)) ways.push(`nightshift logs ${at} -s ${service.name} --since 1h`)
  return ways
}
