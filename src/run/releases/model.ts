import type { Manifest } from '#contract/manifest.ts'
import type { ArtifactRef } from '#contract/wire.ts'
import type { ArtifactMeta } from '#run/builds/model.ts'

/** An immutable release as stored. */
export type ReleaseRow = {
  app: string
  environment: string
  number: number
  artifact_id: string
  manifest: Manifest
  manifest_source: string
  config: Record<string, string>
  /** name → version of the secret it runs with */
  secrets: Record<string, number>
  description: string
  commit: string | null
  build_id: string | null
  by_name: string
  created_at: Date
  /** Of a rollback: what operators had set before it. */
  before: { config: Record<string, string>; secrets: Record<string, number> } | null
  /** Why it was rolled back by itself; nothing goes back to it unasked. */
  condemned_because: string | null
  /** How its rollouts ended that are forgotten; null: none is. */
  past: 'served' | 'failed' | null
}

export type ArtifactRow = { id: string; ref: ArtifactRef; meta: ArtifactMeta }
