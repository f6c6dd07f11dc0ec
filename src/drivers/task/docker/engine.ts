/** The way to the container engine: connected on first use, spoken to in a version both sides know. */
import type Docker from 'dockerode'
import { messageOf } from '#base/errors.ts'
import { TaskError } from '../port.ts'
import { standardAnswerMs } from './config.ts'

/** What this driver was written against. Docker 20.10 offers 1.41; Docker 29 refuses what is older than 1.44. */
const ourVersion = '1.47'

function olderOf(a: string, b: string): string {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number)
  const [majorB = 0, minorB = 0] = b.split('.').map(Number)
  return majorA < majorB || (majorA === majorB && minorA < minorB) ? a : b
}

export type Connection = {
  /** For what is answered at once, and given up otherwise: an engine may owe one answer for good (a container's lock that nobody gives back). */
  quick: Docker
  /** For streams, and for what may take long. */
  patient: Docker
}

/** Rejects with a plain error when nothing answers at `socket`. The library is loaded here, as it costs 12 MB. */
export async function openConnection(socket: string, answerMs = standardAnswerMs): Promise<Connection> {
  const { default: Engine } = await import('dockerode')
  const { ApiVersion } = await new Engine({ socketPath: socket, timeout: 10_000 }).version()
  const options = { socketPath: socket, version: `v${olderOf(ApiVersion, ourVersion)}` }
  return { quick: new Engine({ ...options, timeout: answerMs }), patient: new Engine(options) }
}

export async function connectEngine(socket: string): Promise<Docker> {
  return (await openConnection(socket)).patient
}

export function statusOf(error: unknown): number | null {
  const status = (error as { statusCode?: unknown })?.statusCode
  return typeof status === 'number' ? status : null
}

/** The engine's own words, without the library's wrapping. */
export function engineMessage(error: unknown): string {
  const json = (error as { json?: { message?: unknown } | null })?.json
  if (typeof json?.message === 'string') return json.message
  const message = messageOf(error).trim()
  if ((error as Error | null)?.name === 'AbortError') return 'the engine was given time for it, and was not done'
  return message === 'socket hang up' ? 'the engine closed the connection, or gave no answer in time' : message
}

/** An engine that is away or busy may do it later; one that says no to what we ask will not. */
export function taskErrorOf(operation: string, id: string, error: unknown): TaskError {
  if (error instanceof TaskError) return error
  const status = statusOf(error)
  return new TaskError(operation, id, engineMessage(error), { retryable: status === null || status >= 500 || status === 409, cause: error })
}

/** Makes sure the image is on this machine. Rejects with the engine's reason. */
export async function ensureImage({ quick, patient }: Connection, image: string, signal?: AbortSignal): Promise<void> {
  try {
    await quick.getImage(image).inspect()
    return
  } catch (error) {
    if (statusOf(error) !== 404) throw error
  }
  const pull = (await patient.pull(image, signal ? { abortSignal: signal } : {})) as NodeJS.ReadableStream
  await new Promise<void>((resolve, reject) => patient.modem.followProgress(pull, (error) => (error ? reject(error) : resolve())))
}
