import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { Answer } from '#contract/endpoints.ts'
import type { Build } from '#contract/model.ts'
import type { AppRef } from '../data/queries.ts'
import { follow } from '../data/streams.ts'
import { type Step, deploySteps, stepsOf } from '../lib/deploy-steps.ts'

export type BuildLine = Answer<'builds.log'>
export type BuildLogState = { lines: readonly BuildLine[]; ended: boolean; error: unknown }

/** The output of a build from its start, then as it grows. Lines are added a frame at a time. */
export function useBuildLog({ app, env }: AppRef, build: string): BuildLogState {
  const [state, setState] = useState<BuildLogState>({ lines: [], ended: false, error: null })
  useEffect(() => {
    const stop = new AbortController()
    let arrived: BuildLine[] = []
    let last = 0
    let frame = 0
    const flush = () => {
      frame = 0
      const lines = arrived
      arrived = []
      setState((now) => ({ ...now, lines: [...now.lines, ...lines] }))
    }
    setState({ lines: [], ended: false, error: null })
    follow(
      'builds.log',
      { params: { app, build }, query: { environment: env } },
      (line) => {
        // a stream that was opened again may begin at the start
        if (line.line <= last) return
        last = line.line
        arrived.push(line)
        if (frame === 0) frame = requestAnimationFrame(flush)
      },
      { signal: stop.signal, endless: false },
    ).then(
      () => {
        if (stop.signal.aborted) return
        flush()
        setState((now) => ({ ...now, ended: true }))
      },
      (error: unknown) => setState((now) => ({ ...now, ended: true, error })),
    )
    return () => {
      stop.abort()
      cancelAnimationFrame(frame)
    }
  }, [app, env, build])
  return state
}

type Told = Answer<'deploys.follow'>

export type Progress = { steps: Step[]; release: number | null; url: string | null; /** Of a release of a stopped app: what it waits for. */ made: string | null }

/** Build and rollout as steps, each with its time and reason, until the last one. */
export function useProgress({ app, env }: AppRef, build: Build): Progress {
  const [told, setTold] = useState<readonly Told[]>([])
  const client = useQueryClient()
  useEffect(() => {
    const stop = new AbortController()
    setTold([])
    follow(
      'deploys.follow',
      { params: { app, build: build.id }, query: { environment: env } },
      (step) => {
        // a stream that was opened again tells everything again
        setTold((list) => (list.some((one) => one.step === step.step) ? list : [...list, step]))
        if (step.step === 'built' || step.state !== 'running') for (const word of ['builds', 'app', 'releases']) void client.invalidateQueries({ queryKey: [word] })
      },
      { signal: stop.signal, endless: false },
    ).catch(() => {})
    return () => stop.abort()
  }, [app, env, build.id, client])
  return progressOf(told, build)
}

function progressOf(told: readonly Told[], build: Build): Progress {
  const hasFailed = told.some((one) => one.state === 'failed') || build.state === 'failed' || build.state === 'cancelled'
  const outcome = hasFailed ? 'failed' : told.some((one) => one.state === 'done') ? 'done' : 'running'
  const reached = told.map(({ step, at, detail }) => ({ name: step, at, detail }))
  // before it is built, the step under way says what the queue or the builder says
  const before = told.findLast((one) => one.step === 'queued' || one.step === 'building')
  const because = hasFailed ? build.because : told.some((one) => one.step === 'built') ? '' : (before?.detail ?? '')
  return { steps: stepsOf(reached, deploySteps, outcome, because), release: told.findLast((one) => one.release !== null)?.release ?? build.release, url: told.find((one) => one.step === 'done')?.url ?? null, made: told.find((one) => one.step === 'made')?.detail ?? null }
}
