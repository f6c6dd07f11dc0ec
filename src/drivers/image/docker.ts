/** Images over the Docker Engine API (never the command line). Creating it has no effect; it connects on first use. */
import { Readable } from 'node:stream'
import type Docker from 'dockerode'
import { AppError } from '#base/errors.ts'
import { LineSplitter } from '#base/lines.ts'
import { connectEngine, engineMessage, statusOf } from '../task/docker/engine.ts'
import type { ImageBuild, ImageDriver, ImageFacts } from './port.ts'

/** One message of the engine's progress stream. */
type Progress = { stream?: string; status?: string; id?: string; error?: string; aux?: { ID?: string } }

const quotaPeriodUs = 100_000

export function createDockerImages({ socket = '/var/run/docker.sock' }: { socket?: string } = {}): ImageDriver {
  let connection: Promise<Docker> | undefined
  const connect = async (): Promise<Docker> => {
    connection ??= connectEngine(socket)
    try {
      return await connection
    } catch (error) {
      connection = undefined
      throw new AppError('unavailable', `no container engine answers at ${socket}: ${engineMessage(error)}`, { cause: error })
    }
  }

  return {
    async pull(image, signal, say) {
      const engine = await connect()
      try {
        const stream = await engine.pull(image.includes(':') || image.includes('@') ? image : `${image}:latest`, { abortSignal: signal })
        await follow(stream, signal, (message) => {
          if (message.status !== undefined && (message.id === undefined || /^(Pull complete|Already exists)$/.test(message.status))) say(message.id === undefined ? message.status : `${message.id}: ${message.status}`)
        })
      } catch (error) {
        signal.throwIfAborted()
        // An image that was made on this machine is in no registry.
        const here = await facts(engine, image).catch(() => null)
        if (here === null) throw new AppError('invalid', `the image ${image} cannot be fetched: ${engineMessage(error)}`, { cause: error })
        say(`it is on this machine, and no registry has it: ${engineMessage(error).slice(0, 200)}`)
        return here
      }
      return facts(engine, image)
    },

    async build(input, signal, say) {
      const engine = await connect()
      const splitter = new LineSplitter()
      let id: string | undefined
      try {
        const stream = await engine.buildImage(Readable.from(input.context, { objectMode: false }), optionsOf(input, signal))
        await follow(stream, signal, (message) => {
          id = message.aux?.ID ?? id
          if (message.stream !== undefined) for (const line of splitter.push(Buffer.from(message.stream))) say(line)
          else if (message.status !== undefined && message.id === undefined) say(message.status)
        })
      } catch (error) {
        signal.throwIfAborted()
        throw new AppError('invalid', `the Dockerfile does not build: ${engineMessage(error)}`, { cause: error })
      } finally {
        for (const line of splitter.end()) say(line)
      }
      return facts(engine, id ?? input.tag)
    },
  }
}

function optionsOf(input: ImageBuild, signal: AbortSignal): Docker.ImageBuildOptions {
  return {
    dockerfile: input.dockerfile,
    t: input.tag,
    buildargs: input.buildArgs,
    labels: input.labels,
    nocache: input.clean,
    rm: true,
    forcerm: true,
    memory: input.memoryBytes,
    memswap: input.memoryBytes,
    cpuperiod: quotaPeriodUs,
    cpuquota: Math.round(input.cpu * quotaPeriodUs),
    abortSignal: signal,
  }
}

/** Reads JSON lines until the engine has ended them. The first `error` among them is thrown. */
async function follow(stream: NodeJS.ReadableStream, signal: AbortSignal, onMessage: (message: Progress) => void): Promise<void> {
  const splitter = new LineSplitter(1024 * 1024)
  const stop = () => (stream as Readable).destroy(new Error('stopped'))
  signal.addEventListener('abort', stop, { once: true })
  try {
    for await (const chunk of stream) {
      for (const line of splitter.push(chunk as Buffer)) {
        const message = parse(line)
        if (message?.error !== undefined) throw new AppError('invalid', message.error)
        if (message !== null) onMessage(message)
      }
    }
    signal.throwIfAborted()
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function parse(line: string): Progress | null {
  try {
    return JSON.parse(line) as Progress
  } catch {
    return null // an empty line between messages
  }
}

async function facts(engine: Docker, image: string): Promise<ImageFacts> {
  try {
    const found = await engine.getImage(image).inspect()
    const ports = Object.keys(found.Config?.ExposedPorts ?? {}).flatMap((port) => (port.endsWith('/udp') ? [] : [Number.parseInt(port, 10)])).sort((a, b) => a - b)
    return { ref: found.RepoDigests?.[0] ?? found.Id, sizeBytes: found.Size, ports }
  } catch (error) {
    if (statusOf(error) === 404) throw new AppError('invalid', `there is no image ${image} on this machine`, { cause: error })
    throw error
  }
}
