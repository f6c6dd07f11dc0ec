/** Cloudkick's check_http_json: `{"status": "text", "state": "ok|warn|err", "metrics": [{name, type, value}]}`. */
import type { CheckConfig } from '#contract/check-kinds.ts'
import { request } from '../http/request.ts'
import { metricOf } from '../plugin/cloudkick.ts'
import type { RunCheck, Said } from '../port.ts'
import { brief } from '../texts.ts'

export const runHttpJson: RunCheck<CheckConfig<'http-json'>> = async (config, context) => {
  const headers = config.authorization === undefined ? config.headers : { ...config.headers, authorization: config.authorization }
  const answer = await request({ url: config.url, method: 'GET', headers, redirects: 3, verify: config.verify }, context)
  if (answer.status !== 200) return { status: 'err', message: `answered ${answer.status}` }
  return readState(answer.body)
}

const maxMetrics = 100

export function readState(body: string): Said {
  let document: { state?: unknown; status?: unknown; metrics?: unknown }
  try {
    document = JSON.parse(body) as typeof document
  } catch {
    return { status: 'err', message: `the answer is not JSON: ${brief(body, 100)}` }
  }
  const { state, status, metrics } = document ?? {}
  if (state !== 'ok' && state !== 'warn' && state !== 'err') return { status: 'err', message: `"state" is ${JSON.stringify(state)?.slice(0, 50) ?? 'missing'}, and must be ok, warn or err` }
  const read = Array.isArray(metrics) ? metrics.slice(0, maxMetrics).flatMap((one: { name?: unknown; type?: unknown; value?: unknown }) => metricOf(String(one?.name ?? ''), String(one?.type ?? ''), String(one?.value ?? '')) ?? []) : []
  return { status: state, message: typeof status === 'string' ? brief(status) : state, metrics: read }
}
