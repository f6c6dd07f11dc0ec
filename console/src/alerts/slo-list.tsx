import type { Slo } from '#contract/alerting.ts'
import { FoldedList } from '../components/folded-list.tsx'
import { plural } from '../lib/numbers.ts'
import { SloCard } from './slo-card.tsx'

/** What is being missed first, then where least is left; of very many that are met the first few. */
export function SloList({ slos }: { slos: readonly Slo[] }) {
  const urgency = { critical: 2, warning: 1 }
  const all = slos.flatMap((slo) => slo.objectives.map((objective) => ({ slo, objective, urgent: objective.firing === null ? 0 : urgency[objective.firing] })))
  const sorted = all.toSorted((a, b) => b.urgent - a.urgent || a.objective.budgetLeft - b.objective.budgetLeft)
  const firing = all.filter(({ urgent }) => urgent > 0).length
  return (
    <FoldedList items={sorted} most={Math.max(6, firing)} others={(rest) => `${plural(rest.length, 'more objective')} with more of the error budget left`}>
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
