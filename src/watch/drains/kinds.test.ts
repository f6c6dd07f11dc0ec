import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogLine } from '#contract/model.ts'
import { cursorOf } from '#watch/logs/model.ts'
import { parseAddress, shownAddress } from './kinds.ts'
import { lokiPush } from './loki/loki.ts'
import { otlpLogs } from './otlp/otlp.ts'
import { framed, syslogMessage } from './syslog/message.ts'

const atMs = Date.parse('2026-11-28T03:12:00.250Z')
const line = (text: string, more: Partial<LogLine> = {}): LogLine => ({ cursor: cursorOf({ atMs, line: 7 }), at: new Date(atMs).toISOString(), app: 'shop', environment: 'production', service: 'web', instance: 'web.1', release: 12, stream: 'stdout', level: 'info', text, ...more })

test('the scheme of an address says which kind it is, and nothing secret of it is shown', () => {
  const shown = (text: string) => {
    const { kind, url } = parseAddress(text)
    return `${kind.name} ${shownAddress(url)}`
  }
  assert.equal(shown('syslog+tls://logs.example.com:6514'), 'syslog syslog+tls://logs.example.com:6514')
  assert.equal(shown('https://me:geheim@in.example.com/a1b2c3?token=geheim'), 'http https://in.example.com/…?…')
  assert.equal(shown('otlp+https://otel.example.com/v1/logs'), 'otlp otlp+https://otel.example.com/v1/logs')
  assert.equal(shown('loki+http://u:p@127.0.0.1:3100'), 'loki loki+http://127.0.0.1:3100')
  for (const bad of ['ftp://x', 'logs.example.com', 'syslog://', 'https://a/#b', '']) assert.throws(() => parseAddress(bad), { code: 'invalid' }, bad)
})

test('syslog: RFC 5424 with a severity, framed by octets and not by characters', () => {
  assert.equal(syslogMessage(line('päy')), '<134>1 2026-11-28T03:12:00.250Z shop web web.1 stdout [nightshift@32473 environment="production" release="v12"] päy')
  assert.match(syslogMessage(line('x', { level: 'error', release: null, environment: 'a"b]' })), /^<131>1 .* \[nightshift@32473 environment="a\\"b\\\]"\] x$/)
  assert.equal(framed('päy'), '4 päy')
})

test('OTLP: one resource an instance, severity, and the trace of a structured line', () => {
  const id = '0af7651916cd43dd8448eb211c80319c'
  const body = otlpLogs([line('a'), line(`{"level":"error","trace_id":"${id}"}`, { level: 'error' }), line('b', { instance: 'web.2', level: 'unknown' })]) as { resourceLogs: { resource: { attributes: { key: string; value: { stringValue: string } }[] }; scopeLogs: { logRecords: Record<string, unknown>[] }[] }[] }
  assert.equal(body.resourceLogs.length, 2)
  const attributes = Object.fromEntries(body.resourceLogs[0]?.resource.attributes.map(({ key, value }) => [key, value.stringValue]) ?? [])
  assert.deepEqual(attributes, { 'service.name': 'web', 'service.namespace': 'shop', 'service.instance.id': 'web.1', 'deployment.environment.name': 'production', 'service.version': 'v12' })
  const records = body.resourceLogs[0]?.scopeLogs[0]?.logRecords ?? []
  assert.deepEqual([records[0]?.['timeUnixNano'], records[0]?.['severityNumber'], records[1]?.['traceId'], records[1]?.['severityText']], ['1795835520250000000', 9, id, 'ERROR'])
  assert.equal(body.resourceLogs[1]?.scopeLogs[0]?.logRecords[0]?.['severityNumber'], undefined)
})

test('Loki: equal lines of one moment stay two, and a line sent again is the same one', () => {
  const push = () => lokiPush([line('same'), line('same', { cursor: cursorOf({ atMs, line: 8 }) }), line('other', { level: 'warn' })])
  const { streams } = push()
  assert.deepEqual(streams.map(({ stream, values }) => [stream.level, values.length]), [['info', 2], ['warn', 1]])
  assert.deepEqual(streams[0]?.values, [['1795835520250000007', 'same'], ['1795835520250000008', 'same']])
  assert.deepEqual(push(), { streams })
})
