import type { Remediation } from '#contract/healing.ts'
import { TextLink } from '../components/a.tsx'
import { Ago, Lasting } from '../components/ago.tsx'
import { HealthMark } from '../components/health.tsx'
import { Tag } from '../components/tag.tsx'
import { causeWords, nowOf, outcomeWords, placeOf, rungWords, stateHealth, titleOf } from '../lib/remediation-words.ts'
import { paths } from '../paths.ts'
import { Decide } from './decide.tsx'
import { Fact, Facts } from './facts.tsx'

/** One that has not ended: what was noticed, why, and what is done about it or waited for. */
export function OpenRemediation({ one }: { one: Remediation }) {
  const now = nowOf(one)
  const { environment } = placeOf(one)
  const isAsking = one.state === 'suggested'
  return (
    <li className="grid gap-x-8 gap-y-3 py-4 md:grid-cols-[minmax(0,1fr)_auto]">
      <div className="flex min-w-0 gap-3">
        <span className="pt-1">
          <HealthMark health={stateHealth[one.state]} />
        </span>
        <div className="min-w-0 flex-1">
          <p className="mb-1.5 flex flex-wrap items-baseline gap-x-2.5">
            <TextLink href={paths.remediation(one.id)} className="font-medium">
              {titleOf(one)}
            </TextLink>
            {environment === null ? null : <Tag>{environment}</Tag>}
            <span className="text-sm text-soft">
              for <Lasting from={one.signal.since} to={null} />
            </span>
          </p>
          <Facts>
            <Fact name="noticed">
              {one.signal.because}, <Ago at={one.signal.since} className="text-soft" />
            </Fact>
            <Fact name="cause">{one.cause.kind === 'unknown' ? <span className="text-soft">{one.cause.because}</span> : <>{one.cause.because} <span className="text-soft">({causeWords[one.cause.kind]})</span></>}</Fact>
            {one.tries.length === 0 ? null : <Fact name="tried">{one.tries.map((each) => `${rungWords[each.rung].does.toLowerCase()}: ${outcomeWords[each.outcome]}`).join(' · ')}</Fact>}
            <Fact name="now" tone={isAsking ? 'text-amber' : ''}>
              {now.word}: {now.because}
            </Fact>
          </Facts>
        </div>
      </div>
      <div className="flex gap-2 self-start max-md:ml-[26px]">
        <Decide one={one} />
      </div>
    </li>
  )
}
