import type { ReactNode } from 'react'
import type { Cause, Remediation, Try } from '#contract/healing.ts'
import { TextLink } from '../components/a.tsx'
import { ClockTime, Lasting } from '../components/ago.tsx'
import { type Health, HealthMark } from '../components/health.tsx'
import { Entry, Ledger } from '../components/ledger.tsx'
import { momentsOf } from '../lib/remediation-timeline.ts'
import { capital, causeWords, nowOf, outcomeHealth, outcomeWords, rungWords, stateHealth, stateWords } from '../lib/remediation-words.ts'
import { paths } from '../paths.ts'

/** Noticed → cause → each try → the end, or what is waited for. */
export function Timeline({ one }: { one: Remediation }) {
  const now = nowOf(one)
  return (
    <Ledger label="What happened">
      {momentsOf(one).map((moment, index) => {
        if (moment.kind === 'noticed') return <Step key={index} at={moment.at} health="degraded" name="Noticed" text={moment.because} />
        if (moment.kind === 'cause') return <CauseStep key={index} at={moment.at} cause={moment.cause} one={one} />
        if (moment.kind === 'try') return <TryStep key={index} step={moment.try} />
        if (moment.kind === 'now') return <Step key={index} at={null} health={stateHealth[one.state]} name={now.word} text={now.because} tone={one.state === 'suggested' ? 'text-amber' : ''} />
        return <Step key={index} at={moment.at} health={stateHealth[moment.state]} name={capital(stateWords[moment.state])} text={moment.because} tone={moment.state === 'handed-over' ? 'text-red' : ''} />
      })}
    </Ledger>
  )
}

function Step({ at, health, name, text, aside, tone = '', children }: { at: string | null; health: Health; name: string; text: string; aside?: ReactNode; tone?: string; children?: ReactNode }) {
  return (
    <Entry when={at === null ? 'now' : <ClockTime at={at} seconds />}>
      <div className="flex gap-3">
        <span className="pt-1">
          <HealthMark health={health} />
        </span>
        <div className="min-w-0 max-w-[80ch]">
          <p className="flex flex-wrap items-baseline gap-x-3">
            <span className={`font-medium ${tone}`}>{name}</span>
            {aside === undefined ? null : <span className="text-sm text-soft">{aside}</span>}
          </p>
          <p>{text}</p>
          {children}
        </div>
      </div>
    </Entry>
  )
}

function CauseStep({ at, cause, one }: { at: string; cause: Cause; one: Remediation }) {
  const links = [
    cause.of === null || cause.of === one.target ? null : <span key="of">sick in truth: {cause.of.replace('/production/', '/').replace(/^machine:/, 'machine ')}</span>,
    cause.release === null || one.app === null ? null : <TextLink key="release" href={paths.app(one.app, one.environment ?? undefined, 'releases')}>release v{cause.release}</TextLink>,
    cause.event === null ? null : <TextLink key="event" href={paths.journal({ event: String(cause.event) })}>the change in the journal</TextLink>,
  ].filter((link) => link !== null)
  return (
    <Step at={at} health="unknown" name="Cause" text={cause.because} aside={causeWords[cause.kind]}>
      {links.length === 0 ? null : <p className="flex flex-wrap gap-x-4 text-sm text-soft">{links}</p>}
    </Step>
  )
}

function TryStep({ step }: { step: Try }) {
  const who = step.by === 'healing' ? 'by itself' : `approved by ${step.by}`
  return (
    <Step at={step.at} health={outcomeHealth[step.outcome]} name={rungWords[step.rung].does} text={step.did} aside={step.outcome === 'nothing-to-verify' ? who : <>{who}, <Lasting from={step.at} to={step.endedAt} /></>}>
      <p hidden={step.outcome === 'nothing-to-verify' && step.verdict === null} className={`text-sm ${step.outcome === 'failed' ? 'text-red' : 'text-soft'}`}>
        {step.outcome === 'verifying' ? (
          <>
            {capital(outcomeWords.verifying)}, until <ClockTime at={step.verifyBy} /> at the latest
          </>
        ) : (
          capital(outcomeWords[step.outcome])
        )}
        {step.verdict === null ? null : `: ${step.verdict}`}
      </p>
    </Step>
  )
}
