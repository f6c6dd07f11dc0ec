import { useQuery } from '@tanstack/react-query'
import { TextLink } from '../components/a.tsx'
import { type AppRef, queries } from '../data/queries.ts'
import { formatShare } from '../lib/numbers.ts'
import { objectiveWords } from '../lib/slo-words.ts'
import { paths } from '../paths.ts'

/** On an app's page: its objectives and what is left of them, in one line; nothing when there are none. */
export function SloLine({ of }: { of: AppRef }) {
  const slos = useQuery(queries.slos(of)).data ?? []
  const all = slos.flatMap((slo) => slo.objectives.map((objective) => ({ slo, objective })))
  if (all.length === 0) return null
  return (
    <ul aria-label="SLOs" className="mb-(--section) flex flex-wrap gap-x-8 gap-y-1 text-sm text-soft">
      {all.map(({ slo, objective }) => (
        <li key={`${slo.service}/${objective.kind}`}>
          <TextLink href={paths.alerts()}>
            {slo.service === null ? '' : `${slo.service}: `}
            {objectiveWords(objective)}
          </TextLink>
          {': '}
          <span className={objective.budgetLeft <= 0 || objective.firing === 'critical' ? 'text-red' : objective.firing === 'warning' ? 'text-amber' : ''}>{objective.budgetLeft <= 0 ? 'the error budget is used up' : `${formatShare(objective.budgetLeft)} of the error budget left`}</span>
        </li>
      ))}
    </ul>
  )
}
