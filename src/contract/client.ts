/**
 * The typed client of the public API: used by the CLI and the console. Knows nothing but the endpoint table.
 * Errors are `AppError`s made from the server's RFC 9457 problems.
 */
import { AppError, type ErrorCode, type FieldFault, errorCodes } from '#base/errors.ts'
import { calls } from './calls.ts'
import type { Answer, CallInput, EndpointId } from './endpoints.ts'

export type ClientOptions = {
  /** Base URL of the API, without a trailing slash; '' in a browser served by control. */
  baseUrl: string
  token?: string
  fetch?: typeof fetch
}

export type StreamEvent<T> = { id: string | undefined; data: T }

export type Client = {
  call<K extends EndpointId>(id: K, ...input: Args<K>): Promise<Answer<K>>
  /** Sends a raw body to an endpoint with `upload`. */
  upload<K extends EndpointId>(id: K, input: CallInput<K>, body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>, signal?: AbortSignal): Promise<Answer<K>>
  /**
   * Server-sent events until the server ends them, the signal aborts or the connection breaks (throws `unavailable`).
   * `onOpen` is called once the server has said yes: on a quiet stream long before the first event.
   */
  stream<K extends EndpointId>(id: K, input: CallInput<K>, options?: { signal?: AbortSignal; lastEventId?: string; onOpen?: () => void }): AsyncGenerator<StreamEvent<Answer<K>>>
}

type Args<K extends EndpointId> = Record<string, never> extends CallInput<K> ? [input?: CallInput<K>, signal?: AbortSignal] : [input: CallInput<K>, signal?: AbortSignal]
type Extra = { headers?: Record<string, string>; body?: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>; signal?: AbortSignal; duplex?: 'half' }
type LooseInput = { params?: Record<string, unknown>; query?: Record<string, unknown>; body?: unknown }

export function createClient(options: ClientOptions): Client {
  const send = options.fetch ?? fetch

  // `duplex` is part of the fetch standard and asked for by streamed bodies, but not of every type library
  async function request(id: EndpointId, input: LooseInput, extra: Extra): Promise<Response> {
    const spec = calls[id]
    const url = options.baseUrl + endpointPath(spec.path, input.params ?? {}) + queryString(input.query ?? {})
    const headers: Record<string, string> = { ...extra.headers }
    if (options.token !== undefined) headers['authorization'] = `Bearer ${options.token}`
    else headers['x-nightshift-client'] = 'console' // a header no cross-site form can set: the API asks it of cookie sessions
    let body: string | NonNullable<Extra['body']> | null = extra.body ?? null
    if (spec.body !== undefined) {
      headers['content-type'] = 'application/json'
      body = JSON.stringify(input.body ?? {})
    } else if (spec.upload !== undefined) headers['content-type'] = spec.upload
    let response: Response
    try {
      response = await send(url, { ...extra, method: spec.method, headers, body })
    } catch (error) {
      if (extra.signal?.aborted) throw extra.signal.reason
      throw new AppError('unavailable', `no answer from Nightshift at ${options.baseUrl || 'this address'} (is it running? try: nightshift status)`, { cause: error })
    }
    if (!response.ok) throw await problemOf(response)
    return response
  }

  return {
    async call(id, ...[input, signal]) {
      const response = await request(id, (input ?? {}) as LooseInput, signal ? { signal } : {})
      return (response.status === 204 ? {} : await response.json()) as never
    },
    async upload(id, input, body, signal) {
      const response = await request(id, input as LooseInput, { body, duplex: 'half', ...(signal ? { signal } : {}) } as Extra)
      return (await response.json()) as never
    },
    async *stream(id, input, { signal, lastEventId, onOpen } = {}) {
      const headers: Record<string, string> = { accept: 'text/event-stream' }
      if (lastEventId !== undefined) headers['last-event-id'] = lastEventId
      const response = await request(id, input as LooseInput, { headers, ...(signal ? { signal } : {}) })
      onOpen?.()
      if (response.body === null) return
      yield* parseEvents(response.body) as AsyncGenerator<StreamEvent<never>>
    },
  }
}

/** `/v1/apps/{app}` + {app: 'shop'} → `/v1/apps/shop`. */
function endpointPath(path: string, params: Record<string, unknown>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])))
}

function queryString(query: Record<string, unknown>): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value))
  const text = search.toString()
  return text === '' ? '' : `?${text}`
}

async function problemOf(response: Response): Promise<AppError> {
  const text = await response.text()
  try {
    const problem = JSON.parse(text) as { code?: string; detail?: string; fields?: FieldFault[] }
    const code = (errorCodes as readonly string[]).includes(problem.code ?? '') ? (problem.code as ErrorCode) : 'internal'
    return new AppError(code, problem.detail ?? `HTTP ${response.status}`, { fields: problem.fields ?? [] })
  } catch {
    return new AppError(response.status >= 500 ? 'unavailable' : 'internal', `HTTP ${response.status} that is not from Nightshift: ${text.slice(0, 200)}`)
  }
}

/** The event stream format of the HTML standard, fields id and data; comments keep the connection alive. */
async function* parseEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamEvent<unknown>> {
  const decoder = new TextDecoder()
  let rest = ''
  let id: string | undefined
  let data: string[] = []
  let problem = false
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true })
    const lines = rest.split('\n')
    rest = lines.pop() as string
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) {
          const value: unknown = JSON.parse(data.join('\n'))
          if (problem) throw new AppError('unavailable', String((value as { detail?: string }).detail ?? 'the stream broke'))
          yield { id, data: value }
        }
        data = []
        problem = false
      } else if (line.startsWith('data:')) data.push(line.slice(line[5] === ' ' ? 6 : 5))
      else if (line.startsWith('id:')) id = line.slice(3).trim()
      else if (line.startsWith('event:')) problem = line.slice(6).trim() === 'problem'
    }
  }
}
