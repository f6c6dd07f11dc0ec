import { formatDuration } from '../lib/numbers.ts'
import { ClockTime } from './ago.tsx'
import { HealthMark, type Health } from './health.tsx'

export type StepState = 'done' | 'running' | 'failed' | 'waiting'
export type Step = { name: string; state: StepState; at: string | null; detail: string }

const marks: Record<StepState, Health> = { done: 'healthy', running: 'working', failed: 'down', waiting: 'empty' }
const words: Record<StepState, string> = { done: 'done', running: 'under way', failed: 'failed', waiting: 'to come' }

/** What a deploy goes through, each with its time and its reason. */
export function Steps({ steps, label }: { steps: readonly Step[]; label: string }) {
  return (
    <ol aria-label={label} className="grid gap-x-1 gap-y-3 sm:grid-flow-col sm:auto-cols-fr">
      {steps.map((step, index) => (
        <li key={step.name} aria-current={step.state === 'running' ? 'step' : undefined} className="relative flex gap-3 sm:block sm:pr-4">
          <div className="flex items-center sm:mb-2">
            <HealthMark health={marks[step.state]} size={16} />
            {index === steps.length - 1 ? null : <span aria-hidden="true" className={`absolute max-sm:left-[7.5px] max-sm:top-5 max-sm:-bottom-2 max-sm:w-px sm:left-6 sm:right-2 sm:h-px ${step.state === 'done' ? 'bg-rule-strong' : 'bg-rule'}`} />}
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

export const rolloutSteps = ['released', 'started', 'healthy', 'shifted', 'done'] as const

/** The steps reached, the one under way, and those to come. */
export function stepsOf(reached: readonly { name: string; at: string; detail: string }[], all: readonly string[], state: 'running' | 'done' | 'failed', because: string): Step[] {
  const byName = new Map(reached.map((step) => [step.name, step]))
  const next = all.find((name) => !byName.has(name))
  return all.map((name) => {
    const step = byName.get(name)
    if (step) return { name, state: 'done', at: step.at, detail: step.detail }
    if (name !== next || state === 'done') return { name, state: 'waiting', at: null, detail: '' }
    return state === 'failed' ? { name, state: 'failed', at: null, detail: because } : { name, state: 'running', at: null, detail: '' }
  })
}
