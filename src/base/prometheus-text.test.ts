import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { escapeLabel, formatValue, parsePrometheusText } from './prometheus-text.ts'

const read = (text: string) => parsePrometheusText(text, 1000)

test('families, escapes, infinities and times are read; types hold for the series of a histogram', () => {
  const { samples, bad } = read(`# HELP http_requests_total The total.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

msdos_file_access_time_seconds{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find file:\\n\\"FILE.TXT\\""} 1.458255915e9
metric_without_timestamp_and_labels 12.47
something_weird{problem="division by zero",} +Inf -3982045
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="+Inf"} 144320
http_request_duration_seconds_sum 53423
spaced { a = "1" , b="2" } NaN
empty{} -2.5e-3\r
`)
  assert.equal(bad, 0)
  assert.deepEqual(samples.slice(0, 7), [
    { name: 'http_requests_total', labels: { method: 'post', code: '200' }, value: 1027, atMs: 1395066363000, type: 'counter' },
    { name: 'http_requests_total', labels: { method: 'post', code: '400' }, value: 3, atMs: 1395066363000, type: 'counter' },
    { name: 'msdos_file_access_time_seconds', labels: { path: 'C:\\DIR\\FILE.TXT', error: 'Cannot find file:\n"FILE.TXT"' }, value: 1.458255915e9, atMs: null, type: 'untyped' },
    { name: 'metric_without_timestamp_and_labels', labels: {}, value: 12.47, atMs: null, type: 'untyped' },
    { name: 'something_weird', labels: { problem: 'division by zero' }, value: Infinity, atMs: -3982045, type: 'untyped' },
    { name: 'http_request_duration_seconds_bucket', labels: { le: '+Inf' }, value: 144320, atMs: null, type: 'histogram' },
    { name: 'http_request_duration_seconds_sum', labels: {}, value: 53423, atMs: null, type: 'histogram' },
  ])
  assert.deepEqual(samples.slice(7), [{ name: 'spaced', labels: { a: '1', b: '2' }, value: Number.NaN, atMs: null, type: 'untyped' }, { name: 'empty', labels: {}, value: -0.0025, atMs: null, type: 'untyped' }])
})

test('lines that are none are counted; those around them are kept', () => {
  const { samples, bad } = read('<html>\nok 1\nno_value\n1bad 2\na{b=c} 1\na{b="c} 1\na{b="c" d="e"} 1\nhex 0x10\nempty \nlate 1 2 3\nok 2')
  assert.deepEqual([samples.map(({ value }) => value), bad], [[1, 2], 9])
  assert.deepEqual(parsePrometheusText('a 1\nb 2\nc 3', 2).beyond, 1)
})

test('what is written is read again, whatever labels hold', () => {
  fc.assert(fc.property(fc.dictionary(fc.stringMatching(/^[a-z_][a-z0-9_]{0,8}$/), fc.string({ unit: 'binary' }).filter((text) => !text.includes('\r'))), fc.oneof(fc.double(), fc.constantFrom(Infinity, -Infinity)), (labels, value) => {
    const line = `m{${Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`).join(',')}} ${formatValue(value)}`
    assert.deepEqual(read(line).samples.map((one) => [{ ...one.labels }, String(one.value)]), [[{ ...labels }, String(value)]])
  }))
})
