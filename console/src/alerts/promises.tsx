import type { Slo } from '#contract/alerting.ts'
import { FoldedList } from '../components/folded-list.tsx'
import { plural } from '../lib/numbers.ts'
import { SloCard } from './slo-card.tsx'

/** What is promised: what is being broken first, then where least is left; of very many kept promises the first few. */
export function Promises({ slos }: { slos: readonly Slo[] }) {
  const urgency = { critical: 2, warning: 1 }
  const all = slos.flatMap((slo) => slo.objectives.map((objective) => ({ slo, objective, urgent: objective.firing === null ? 0 : urgency[objective.firing] })))
  const sorted = all.toSorted((a, b) => b.urgent - a.urgent || a.objective.budgetLeft - b.objective.budgetLeft)
  const firing = all.filter(({ urgent }) => urgent > 0).length
  return (
    <FoldedList items={sorted} most={Math.max(6, firing)} others={(rest) => `${plural(rest.length, 'more promise')} with more of their budget left`}>
      {(shown) => (
        <ul className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
          {shown.map(({ slo, objective }) => (
            <SloCard key={`${slo.app}/${slo.environment}/${slo.service}/${objective.kind}`} slo={slo} objective={objective} />
          ))}
        </ul>
      )}
    </FoldedList>
  )
}
