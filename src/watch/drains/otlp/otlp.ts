/**
 * OTLP/HTTP logs as JSON (opentelemetry-proto, `opentelemetry/proto/logs/v1/logs.proto`; OTLP specification 1.x, "OTLP/HTTP"). A resource is
 * an instance of a release; names of attributes are those of the semantic conventions.
 */
import type { LogLine } from '#contract/model.ts'
import { openPost } from '../post.ts'
import type { DrainKind } from '../port.ts'

/** SeverityNumber of the logs data model. */
const severities = { debug: [5, 'DEBUG'], info: [9, 'INFO'], warn: [13, 'WARN'], error: [17, 'ERROR'], unknown: null } as const
const traceId = /"(?:trace_?id|traceId)"\s*:\s*"([0-9a-f]{32})"/

export const otlpDrain: DrainKind = {
  name: 'otlp',
  schemes: ['otlp+https', 'otlp+http'],
  example: 'otlp+https://otel.example.com/v1/logs',
  open(target) {
    const url = new URL(target.url.href.replace(/^otlp\+/, ''))
    if (url.pathname === '/') url.pathname = '/v1/logs'
    const { post, close } = openPost(target, url)
    return { send: (lines, signal) => post(JSON.stringify(otlpLogs(lines)), 'application/json', signal), close }
  },
}

export function otlpLogs(lines: readonly LogLine[]) {
  const resources = new Map<string, { resource: { attributes: object[] }; scopeLogs: { scope: { name: string }; logRecords: object[] }[] }>()
  for (const line of lines) {
    const key = `${line.app}/${line.environment}/${line.service}/${line.instance}/${line.release}`
    const found = resources.get(key) ?? { resource: { attributes: resourceOf(line) }, scopeLogs: [{ scope: { name: 'nightshift' }, logRecords: [] }] }
    resources.set(key, found)
    found.scopeLogs[0]?.logRecords.push(recordOf(line))
  }
  return { resourceLogs: [...resources.values()] }
}

const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } })

function resourceOf(line: LogLine): object[] {
  const { app, environment, service, instance, release } = line
  return [
    attribute('service.name', service), attribute('service.namespace', app), attribute('service.instance.id', instance), attribute('deployment.environment.name', environment),
    ...(release === null ? [] : [attribute('service.version', `v${release}`)]),
  ]
}

function recordOf({ at, level, text, stream, cursor }: LogLine): object {
  const severity = severities[level]
  const trace = text.startsWith('{') ? traceId.exec(text)?.[1] : undefined
  const nanos = `${BigInt(Date.parse(at)) * 1_000_000n}`
  return {
    timeUnixNano: nanos,
    observedTimeUnixNano: nanos,
    ...(severity === null ? {} : { severityNumber: severity[0], severityText: severity[1] }),
    body: { stringValue: text },
    attributes: [attribute('log.iostream', stream), attribute('log.record.uid', cursor)],
    ...(trace === undefined ? {} : { traceId: trace }),
  }
}
