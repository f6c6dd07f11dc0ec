import { formatDuration } from '../lib/numbers.ts'
import type { Step, StepState } from '../lib/deploy-steps.ts'
import { ClockTime } from './ago.tsx'
import { HealthMark, type Health } from './health.tsx'

const marks: Record<StepState, Health> = { done: 'healthy', running: 'working', failed: 'down', waiting: 'empty' }
const words: Record<StepState, string> = { done: 'done', running: 'under way', failed: 'failed', waiting: 'to come' }

/** What a deploy goes through, each with its time and its reason. */
export function Steps({ steps, label }: { steps: readonly Step[]; label: string }) {
  return (
    <ol aria-label={label} className="grid gap-x-1 gap-y-3 sm:grid-flow-col sm:auto-cols-fr">
      {steps.map((step, index) => (
        <li key={step.name} aria-current={step.state === 'running' ? 'step' : undefined} className="relative flex gap-3 sm:block sm:pr-4">
          <div className="self-start pt-[3px] sm:mb-2 sm:pt-0">
            <HealthMark health={marks[step.state]} size={16} />
            {index === steps.length - 1 ? null : <span aria-hidden="true" className={`absolute max-sm:left-[7.5px] max-sm:top-6 max-sm:-bottom-2 max-sm:w-px sm:left-6 sm:right-2 sm:top-2 sm:h-px ${step.state === 'done' ? 'bg-rule-strong' : 'bg-rule'}`} />}
          </div>
          <div className="min-w-0">
            <p className={step.state === 'waiting' ? 'text-soft' : 'font-medium'}>
              {step.name}
              <span className="sr-only">: {words[step.state]}</span>
            </p>
            <p className="text-sm text-soft">
              {step.at === null ? null : <ClockTime at={step.at} />}
              {step.at !== null && index > 0 && steps[index - 1]?.at ? <span className="num"> +{formatDuration(Math.max(0, Date.parse(step.at) - Date.parse(steps[index - 1]?.at as string)))}</span> : null}
            </p>
            <p className={`text-sm ${step.state === 'failed' ? 'text-red' : 'text-soft'}`}>{step.detail}</p>
          </div>
        </li>
      ))}
    </ol>
  )
}
