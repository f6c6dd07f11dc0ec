import { useQuery } from '@tanstack/react-query'
import type { Rule } from '#contract/alerting.ts'
import type { Alert } from '#contract/healing.ts'
import { TextLink } from '../components/a.tsx'
import { Ago } from '../components/ago.tsx'
import { FoldedList } from '../components/folded-list.tsx'
import { HealthMark } from '../components/health.tsx'
import { queries } from '../data/queries.ts'
import { plural } from '../lib/numbers.ts'
import { placeOf } from '../lib/remediation-words.ts'
import { ruleOf } from '../lib/rule-target.ts'
import { paths } from '../paths.ts'
import { RuleGraph } from './rule-graph.tsx'

/** What is true now and a person must know; what is critical first, then what is newest. */
export function FiringList({ alerts }: { alerts: readonly Alert[] }) {
  const rules = useQuery(queries.rules()).data ?? []
  const sorted = alerts.toSorted((a, b) => Number(b.severity === 'critical') - Number(a.severity === 'critical') || b.raisedAt.localeCompare(a.raisedAt))
  return (
    <FoldedList items={sorted} most={Math.max(12, sorted.filter(({ severity }) => severity === 'critical').length)} others={(rest) => plural(rest.length, 'more warning')}>
      {(shown) => (
        <ul className="divide-y divide-rule">
          {shown.map((alert) => (
            <Firing key={alert.id} alert={alert} rules={rules} />
          ))}
        </ul>
      )}
    </FoldedList>
  )
}

function Firing({ alert, rules }: { alert: Alert; rules: readonly Rule[] }) {
  const place = placeOf(alert)
  const of = ruleOf(alert.target)
  const rule = of === null ? undefined : rules.find((one) => one.id === of.rule)
  const isCritical = alert.severity === 'critical'
  return (
    <li className="grid gap-x-10 gap-y-3 py-4 lg:grid-cols-[minmax(0,1fr)_minmax(0,420px)]">
      <div className="flex min-w-0 gap-3">
        <span className="pt-1">
          <HealthMark health={isCritical ? 'down' : 'degraded'} />
        </span>
        <div className="min-w-0">
          <h3 className="font-sans text-base font-medium">
            <TextLink href={place.href}>{alert.title}</TextLink>
          </h3>
          <p className={`text-sm ${isCritical ? 'text-red' : 'text-amber'}`}>
            {alert.severity}, since <Ago at={alert.raisedAt} />
          </p>
          <p className="mt-1 max-w-[76ch] break-words">{alert.because}</p>
          <p className="text-soft">Way out: {alert.wayOut}</p>
          {alert.remediation === null ? null : (
            <p className="text-sm">
              <TextLink href={paths.remediation(alert.remediation)}>
                What healing did<span className="sr-only"> about {place.name}</span>
              </TextLink>
            </p>
          )}
        </div>
      </div>
      {rule === undefined || of === null ? null : <RuleGraph rule={rule} series={of.series} />}
    </li>
  )
}
