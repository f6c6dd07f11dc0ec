import type { CheckDetail } from '#contract/checks.ts'
import { rhythmOf } from '#contract/rhythm-words.ts'
import { TextLink } from '../components/a.tsx'
import { Ago } from '../components/ago.tsx'
import { Command } from '../components/copy.tsx'
import { HealthMark } from '../components/health.tsx'
import { shortMs } from '../lib/check-words.ts'
import { formatDuration } from '../lib/numbers.ts'
import { paths } from '../paths.ts'

const marks = { ok: 'healthy', warn: 'degraded', err: 'down' } as const

export function CheckVantages({ check }: { check: CheckDetail }) {
  return (
    <ul className="divide-y divide-rule">
      {check.vantages.map((seen) => (
        <li key={seen.vantage} className="flex gap-3 py-3">
          <span className="pt-1">
            <HealthMark health={marks[seen.status]} />
          </span>
          <div className="min-w-0">
            <p className="flex flex-wrap items-baseline gap-x-3">
              <span className="font-medium">{seen.vantage}</span>
              <span className="text-sm text-soft">
                {seen.status}, <Ago at={seen.at} />, took <span className="num">{shortMs(seen.durationMs)}</span>
                {seen.failures > 1 ? `, ${seen.failures} failed in a row` : ''}
              </span>
            </p>
            <p className="break-words">{seen.message}</p>
            {seen.metrics.length === 0 ? null : (
              <p className="num mt-1 flex flex-wrap gap-x-4 text-sm text-soft">
                {seen.metrics.map((metric) => (
                  <span key={metric.name}>
                    {metric.name} {metric.value} {metric.unit ?? ''}
                  </span>
                ))}
              </p>
            )}
          </div>
        </li>
      ))}
    </ul>
  )
}

export function CheckPing({ ping, dueAt }: { ping: NonNullable<CheckDetail['ping']>; dueAt: string | null }) {
  return (
    <div className="max-w-160 space-y-2">
      <p className="text-soft">At its end, well or not; add /start when it begins. Who has the URL can tell, so keep it as you keep a password.</p>
      <p>{dueAt === null ? 'It waits for the first ping.' : <>The next ping is due <Ago at={dueAt} />.</>}</p>
      <Command>{`curl -fsS ${ping.url}/$?`}</Command>
      {ping.slugUrl === null ? null : <Command>{`curl -fsS ${ping.slugUrl}`}</Command>}
      <Command>{`curl -fsS "${ping.pushUrl}?status=up&msg=OK"`}</Command>
    </div>
  )
}

export function CheckConfig({ check }: { check: CheckDetail }) {
  const facts: [string, React.ReactNode][] = [
    ...Object.entries(check.config).filter(([name]) => name !== 'schedule' && name !== 'timezone').map(([name, value]): [string, React.ReactNode] => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
    ...check.secrets.map((name): [string, React.ReactNode] => [name, 'sealed']),
    ['rhythm', rhythmOf(check)],
    ...(check.kind === 'heartbeat' ? [] : ([['timeout', formatDuration(check.timeoutMs)], ['down after', `${check.retries + 1} failed runs in a row`], ['from', `${check.from.join(', ')}${check.quorum === null ? '' : `; ${check.quorum} must see it`}`]] as [string, React.ReactNode][])),
    ['alert', check.severity],
    ...(check.criteria.length === 0 ? [] : [['criteria', check.criteria.join(', ')] as [string, React.ReactNode]]),
    ...check.needNames.map((need): [string, React.ReactNode] => ['needs', <TextLink href={paths.check(need.id)}>{need.name}</TextLink>]),
    ...(check.confined ? [['reach', 'public addresses, and what belongs to its app'] as [string, React.ReactNode]] : []),
  ]
  return (
    <dl className="grid grid-cols-[max-content_minmax(0,1fr)] gap-x-6 gap-y-1.5">
      {facts.map(([name, value], nth) => (
        <div key={nth} className="contents">
          <dt className="text-sm text-soft">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  )
}
