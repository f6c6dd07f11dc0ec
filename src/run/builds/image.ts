/** Builds that the container engine does: a ready image, or a Dockerfile whose context the worker has packed. */
import type { ImageDriver, ImageFacts } from '#drivers/image/port.ts'
import { type Manifest, manifestSchema } from '#contract/manifest.ts'
import { AppError } from '#base/errors.ts'
import { openForeign } from './foreign.ts'
import type { Artifact, ArtifactMeta, BuildLimits, Outcome } from './model.ts'
import type { BuildRow } from './store.ts'
import type { WorkerResult } from './worker/spec.ts'

type Say = (text: string) => void

export async function pulledImage(images: ImageDriver, build: BuildRow, signal: AbortSignal, say: Say): Promise<Outcome> {
  const image = build.source.image ?? ''
  say(`-----> fetching the image ${image}`)
  const facts = await images.pull(image, signal, (line) => say(`       ${line}`))
  const { port, command } = build.source
  const manifest = manifestSchema.parse({ name: build.app, services: { web: { ...(port === undefined ? {} : { port }), ...(command === undefined ? {} : { command }) } } })
  return { artifact: artifactOf(facts, { builder: 'image', processes: {}, runtime: image, path: [], launcher: false }), manifest: withPort(manifest, facts, say), manifestSource: 'image', builder: 'image', because: `the image ${image} is ready` }
}

export type DockerfileInput = { build: BuildRow; result: Extract<WorkerResult, { kind: 'dockerfile' }>; /** path of the packed context */ context: string; limits: BuildLimits }

export async function builtImage(images: ImageDriver, { build, result, context, limits }: DockerfileInput, signal: AbortSignal, say: Say): Promise<Outcome> {
  const file = await openForeign(context)
  if (file === null) throw new AppError('internal', 'the build worker left no context')
  say(`-----> building ${result.dockerfile} with the container engine`)
  try {
    const facts = await images.build(
      {
        context: file.createReadStream(),
        dockerfile: result.dockerfile,
        tag: `nightshift/${build.app}-${build.environment}:${build.id}`,
        buildArgs: result.buildArgs,
        labels: { 'nightshift.app': build.app, 'nightshift.environment': build.environment, 'nightshift.build': build.id },
        clean: build.clean,
        memoryBytes: limits.memoryBytes,
        cpu: limits.cpu,
      },
      signal,
      (line) => say(`       ${line}`),
    )
    const meta: ArtifactMeta = { builder: 'dockerfile', processes: result.processes, runtime: 'image', path: [], launcher: false }
    return { artifact: artifactOf(facts, meta), manifest: withPort(result.manifest, facts, say), manifestSource: result.manifestSource, builder: 'dockerfile', because: result.because }
  } finally {
    await file.close().catch(() => {}) // the stream has closed it unless it never began
  }
}

function artifactOf(facts: ImageFacts, meta: ArtifactMeta): Artifact {
  return { id: `image:${facts.ref}`, ref: { kind: 'image', image: facts.ref }, sizeBytes: facts.sizeBytes, meta }
}

/** An image that names one port listens there, whatever $PORT says; an app that binds $PORT is told the same number. */
function withPort(manifest: Manifest, { ports }: ImageFacts, say: Say): Manifest {
  const name = manifest.services['web'] === undefined ? Object.keys(manifest.services).find((each) => manifest.services[each]?.image === undefined) : 'web'
  const service = name === undefined ? undefined : manifest.services[name]
  const [port] = ports
  if (name === undefined || service === undefined || service.port !== undefined || port === undefined || ports.length !== 1) {
    if (ports.length > 1 && service?.port === undefined) say(`       the image names the ports ${ports.join(', ')}; ${name} is expected on $PORT (set services.${name}.port to choose one)`)
    return manifest
  }
  say(`       the image names port ${port}: ${name} is expected there`)
  return { ...manifest, services: { ...manifest.services, [name]: { ...service, port } } }
}
