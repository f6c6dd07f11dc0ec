import type { Objective, Slo } from '#contract/alerting.ts'
import { TextLink } from '../components/a.tsx'
import { formatCount, formatDuration, formatShare } from '../lib/numbers.ts'
import { objectiveWords, sloName } from '../lib/slo-words.ts'
import { paths } from '../paths.ts'
import { BudgetLine } from './budget-line.tsx'

/** An objective, what is left of the error budget and how it got there, and how fast it burns. */
export function SloCard({ slo, objective }: { slo: Slo; objective: Objective }) {
  const { budgetLeft, burn, exhaustedInMs, firing, total, bad } = objective
  const name = sloName(slo)
  const tone = firing === 'critical' || budgetLeft <= 0 ? 'text-red' : firing === 'warning' || budgetLeft < 0.25 ? 'text-amber' : ''
  return (
    <li className="min-w-0 rounded-lg border border-rule bg-sheet p-4">
      <div className="flex items-baseline justify-between gap-4">
        <h3 className="font-sans text-base font-medium">
          <TextLink href={paths.app(slo.app, slo.environment)}>{name}</TextLink>
        </h3>
        <TextLink className="text-sm" href={paths.slo(slo)}>
          Change<span className="sr-only"> the SLO of {name}</span>
        </TextLink>
      </div>
      <p className="text-sm text-soft">
        {objectiveWords(objective)}, over {formatDuration(slo.windowMs)}
        {slo.alerts ? '' : '; without alerts'}
      </p>
      <p className="mt-3 flex items-baseline gap-2">
        <span className={`num text-xl ${tone}`}>{budgetLeft <= 0 ? 'none' : formatShare(budgetLeft)}</span>
        <span className="text-sm text-soft">of the error budget left{firing === null ? '' : `, ${firing}`}</span>
      </p>
      <BudgetLine points={objective.points} label={`Error budget of ${name} over ${formatDuration(slo.windowMs)}`} />
      <dl className="mt-2 grid grid-cols-[auto_1fr] gap-x-4 text-sm">
        <dt className="text-soft">bad</dt>
        <dd className="num">
          {formatCount(bad)} of {formatCount(total)} requests
        </dd>
        <dt className="text-soft">burns</dt>
        <dd className="num">
          {(['1h', '6h', '3d'] as const).map((window) => `${rate(burn[window] ?? 0)} in ${window}`).join(' · ')}
        </dd>
        <dt className="text-soft">lasts</dt>
        <dd>{exhaustedInMs === null ? 'to the end of the window' : exhaustedInMs === 0 ? 'it is used up' : `${formatDuration(exhaustedInMs)} at the pace of the last hour`}</dd>
      </dl>
    </li>
  )
}

const rate = (burn: number) => `${burn >= 10 ? Math.round(burn) : Number(burn.toFixed(1))}×`
