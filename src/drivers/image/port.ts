/** The port of what makes and fetches container images. It never retries, reads no settings and knows no app. */

export type ImageFacts = {
  /** By which any machine with the image can run exactly this one: `name@sha256:…` from a registry, else the id. */
  ref: string
  sizeBytes: number
  /** TCP ports that the image says it listens on. */
  ports: number[]
}

export type ImageBuild = {
  /** A tar, gzipped or not. */
  context: AsyncIterable<Uint8Array>
  /** Path of the Dockerfile within the context. */
  dockerfile: string
  /** A name that keeps the image from being pruned. */
  tag: string
  buildArgs: Record<string, string>
  labels: Record<string, string>
  /** Use nothing of earlier builds. */
  clean: boolean
  memoryBytes: number
  cpu: number
}

export type ImageDriver = {
  /** Makes sure that the image is on this machine. `say` gets lines for a log. Throws `invalid` when there is no such image. */
  pull(image: string, signal: AbortSignal, say: (line: string) => void): Promise<ImageFacts>
  /** Throws `invalid` with the failing instruction when the Dockerfile does not build. */
  build(input: ImageBuild, signal: AbortSignal, say: (line: string) => void): Promise<ImageFacts>
}
