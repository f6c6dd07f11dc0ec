/** What a deploy has reached, what it is at, and what is to come; out of the steps that were told. Pure. */

export type StepState = 'done' | 'running' | 'failed' | 'waiting'
export type Step = { name: string; state: StepState; at: string | null; detail: string }
export type Reached = { name: string; at: string; detail: string }

export const rolloutSteps = ['released', 'started', 'healthy', 'shifted', 'done'] as const
export const deploySteps = ['built', ...rolloutSteps] as const
/** Told instead of the next step when there is none. */
const endings = ['failed', 'cancelled']

/** `outcome` says what became of the step after the last one reached; `because` why, unless an ending told it. */
export function stepsOf(reached: readonly Reached[], all: readonly string[], outcome: 'running' | 'done' | 'failed', because: string): Step[] {
  const byName = new Map(reached.map((step) => [step.name, step]))
  const ending = reached.find((step) => endings.includes(step.name))
  const last = all.findLastIndex((name) => byName.has(name))
  return all.map((name, index) => {
    const step = byName.get(name)
    // a step that was passed without a word is done all the same
    if (step !== undefined || index < last) return { name, state: 'done', at: step?.at ?? null, detail: step?.detail ?? '' }
    if (index !== last + 1 || outcome === 'done') return { name, state: 'waiting', at: null, detail: '' }
    if (outcome === 'failed') return { name, state: 'failed', at: ending?.at ?? null, detail: ending?.detail ?? because }
    return { name, state: 'running', at: null, detail: because }
  })
}
