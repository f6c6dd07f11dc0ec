import { STATUS_CODES } from 'node:http'
import type { CheckConfig } from '#contract/check-kinds.ts'
import { parseAssertion, whyNot } from '../json-path.ts'
import { withLatency } from '../latency.ts'
import type { RunCheck, Said } from '../port.ts'
import { brief, matches } from '../texts.ts'
import { type Answered, request } from './request.ts'

type Config = CheckConfig<'http'>

export const runHttp: RunCheck<Config> = async (config, context) => {
  const started = performance.now()
  const headers = config.authorization === undefined ? config.headers : { ...config.headers, authorization: config.authorization }
  const answer = await request({ url: config.url, method: config.method, headers, send: config.send, redirects: config.redirects, verify: config.verify }, context)
  const durationMs = performance.now() - started
  const fault = statusFault(config, answer) ?? (await headerFault(config, answer, context.signal)) ?? (await bodyFault(config, answer, context.signal)) ?? jsonFault(config, answer)
  const metrics = [{ name: 'code', value: answer.status }, { name: 'bytes', value: Buffer.byteLength(answer.body), unit: 'B' }, { name: 'rt', value: Math.round(durationMs * 10) / 10, unit: 'ms' }]
  const said: Said = fault === null ? { status: 'ok', message: words(answer.status) } : { status: 'err', message: fault }
  return { ...withLatency(said, durationMs, config), metrics }
}

const words = (status: number) => `${status} ${STATUS_CODES[status] ?? ''}`.trim()

/** `200`, `200-399`, `200,204`. */
export function isRight(status: number, wanted: string): boolean {
  return wanted.split(',').some((part) => {
    const [from = '', to = from] = part.trim().split('-')
    return status >= Number(from) && status <= Number(to)
  })
}

function statusFault({ status }: Config, answer: Answered): string | null {
  return isRight(answer.status, String(status)) ? null : `answered ${words(answer.status)}, not ${status}: ${brief(answer.body, 120)}`.replace(/: $/, '')
}

async function headerFault({ header }: Config, { headers }: Answered, signal: AbortSignal): Promise<string | null> {
  for (const text of header) {
    const colon = text.indexOf(':')
    const name = (colon < 0 ? text : text.slice(0, colon)).trim().toLowerCase()
    const value = headers[name]
    if (value === undefined) return `the answer has no header ${name}`
    const given = Array.isArray(value) ? value.join(', ') : value
    const wanted = colon < 0 ? '' : text.slice(colon + 1).trim()
    if (!(await matches(given, wanted, signal))) return `header ${name} is "${brief(given, 100)}", which does not hold ${wanted}`
  }
  return null
}

async function bodyFault({ body, absent }: Config, answer: Answered, signal: AbortSignal): Promise<string | null> {
  if (body !== undefined && !(await matches(answer.body, body, signal))) return `the body does not hold ${body}${answer.truncated ? ' in its first megabyte' : ''}`
  if (absent !== undefined && (await matches(answer.body, absent, signal))) return `the body holds ${absent}`
  return null
}

function jsonFault({ json }: Config, answer: Answered): string | null {
  if (json.length === 0) return null
  let document: unknown
  try {
    document = JSON.parse(answer.body)
  } catch {
    return `the body is not JSON: ${brief(answer.body, 100)}`
  }
  for (const text of json) {
    const fault = whyNot(document, parseAssertion(text))
    if (fault !== null) return fault
  }
  return null
}
