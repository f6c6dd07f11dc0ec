/**
 * The words of builds. A build turns a source (a directory, a commit, a ready image) into an artifact; the artifact
 * plus its manifest goes to `onBuilt`, which makes a release of it in the same transaction.
 *
 *   queued → running → succeeded | failed | cancelled        (queued → cancelled too; the last three are final)
 */
import type { Actor, Build } from '#contract/model.ts'
import type { Manifest } from '#contract/manifest.ts'
import type { ArtifactRef } from '#contract/wire.ts'
import type { Db } from '#kernel/db/db.ts'

export type { Build } from '#contract/model.ts'

/** Where a build belongs. The environment must exist. */
export type BuildTarget = { app: string; environment: string }

/** What the builder learned; `artifacts.meta`. */
export type ArtifactMeta = {
  /** `node`, `python`, … or several for a monorepo: `node+static`; `image` for a ready one. */
  builder: string
  /** Start command of each service that the manifest gives none (Procfile, package.json "start", buildpack default). Shell lines. */
  processes: Record<string, string>
  /** `node v26.10.0`, `Python 3.11.2`; for people. */
  runtime: string
  /** Folders put in front of PATH, relative to the artifact's root. The launcher does it by itself; for people and one-offs. */
  path: string[]
  /** The slug holds `.nightshift/launch`, which sets PATH and sources `.profile.d` before it becomes the command. */
  launcher: boolean
}

export type Artifact = { id: string; ref: ArtifactRef; sizeBytes: number | null; meta: ArtifactMeta }

/** Everything that a build became, before it is written down. */
export type Outcome = { artifact: Artifact; manifest: Manifest; manifestSource: string; builder: string; because: string }

/** What `onBuilt` is told, inside the transaction that marks the build succeeded. */
export type Built = {
  buildId: string
  app: string
  environment: string
  artifactId: string
  artifact: Artifact
  /** As read from the source, environments included: apply `effectiveManifest` to it. */
  manifest: Manifest
  /** nightshift.yml, Procfile, package.json, … */
  manifestSource: string
  commit: string | null
  by: string
  now: Date
}
export type OnBuilt = (tx: Db, built: Built) => Promise<{ release: number }>

export type BuildLine = { line: number; at: string; text: string }

export type BuildLimits = {
  /** Wall time of one build. */
  timeMs: number
  memoryBytes: number
  /** Cores. */
  cpu: number
  /** Builds at the same time on this machine; per environment it is always one. */
  concurrency: number
  /** The uploaded tar, compressed. */
  uploadBytes: number
  /** The source and the result, unpacked. */
  unpackedBytes: number
  files: number
  logBytes: number
}

export type Builds = {
  /** A gzipped (or plain) tar of the source. Resolves when the upload is stored and the build is queued. */
  queueUpload(actor: Actor, target: BuildTarget, body: AsyncIterable<Uint8Array>, options?: { clean?: boolean; commit?: string | null }): Promise<Build>
  /** A tar of a commit's tree (`git archive`). */
  queueGit(actor: Actor, target: BuildTarget, tree: AsyncIterable<Uint8Array>, options: { id: string; commit: string; branch: string; clean?: boolean }): Promise<Build>
  /** A ready image; docker driver only. */
  queueImage(actor: Actor, target: BuildTarget, image: { image: string; port?: number | undefined; command?: string[] | undefined }): Promise<Build>
  /** Idempotent; `conflict` for a build that succeeded or failed. */
  cancel(actor: Actor, target: BuildTarget, id: string): Promise<Build>
  read(target: BuildTarget, id: string): Promise<Build>
  /** Newest first. */
  list(target: BuildTarget, limit: number): Promise<Build[]>
  /** Lines from `fromLine` (0 = the start), then as they come; ends when the build has ended and all was given. */
  followLog(target: BuildTarget, id: string, fromLine: number, signal: AbortSignal): AsyncGenerator<BuildLine>
  /** Resolves once the build is final. */
  finished(target: BuildTarget, id: string, signal: AbortSignal): Promise<Build>
}
