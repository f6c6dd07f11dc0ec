/** What builds need of a container engine. Implemented over the Engine API by `drivers/task/docker` or in tests; null where none answers. */
import type { Manifest } from '#contract/manifest.ts'
import type { Artifact, BuildLimits } from './model.ts'
import type { BuildRow } from './store.ts'
import type { WorkerResult } from './worker/spec.ts'

export type ImageOutcome = { artifact: Artifact; manifest: Manifest; manifestSource: string; builder: string; because: string }

export type DockerfileBuild = {
  build: BuildRow
  result: Extract<WorkerResult, { kind: 'dockerfile' }>
  /** A gzipped tar that the worker packed. */
  context: string
  env: Record<string, string>
  limits: BuildLimits
}

export type ImageBuilder = {
  /** Makes sure that the image is on this machine. */
  pull(build: BuildRow, signal: AbortSignal, say: (text: string) => Promise<void>): Promise<ImageOutcome>
  build(input: DockerfileBuild, signal: AbortSignal, say: (text: string) => Promise<void>): Promise<ImageOutcome>
}
