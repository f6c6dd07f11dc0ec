import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { formatMetric, unitOf, usualFn } from './metric-words.ts'

describe('words of a metric', () => {
  test('its unit is told by its name', () => {
    assert.deepEqual(
      ['nightshift_instance_memory_bytes', 'nightshift_http_sent_bytes_total', 'nightshift_http_request_duration_seconds', 'nightshift_instance_cpu_cores', 'disk_used_ratio', 'nightshift_http_requests_total'].map(unitOf),
      ['bytes', 'bytes', 'seconds', 'cores', 'share', 'count'],
    )
  })

  test('a value is written for a person, a rate a second', () => {
    assert.equal(formatMetric(1_468_006, 'a_bytes', 'avg'), '1.4 MB')
    assert.equal(formatMetric(2048.5, 'a_bytes_total', 'rate'), '2.0 KB/s')
    assert.equal(formatMetric(0.2304, 'a_seconds', 'p95'), '230 ms')
    assert.equal(formatMetric(0.42, 'cpu_cores', 'avg'), '0.42 cores')
    assert.equal(formatMetric(12.44, 'requests_total', 'rate'), '12.4/s')
    assert.equal(formatMetric(12.44, 'requests_total', 'increase'), '12.4')
    assert.equal(formatMetric(-48_120, 'balance', 'last'), '\u221248.1 k')
    assert.equal(formatMetric(0, 'requests_total', 'rate'), '0/s')
    assert.equal(formatMetric(0.031, 'errors_ratio', 'avg'), '3.1 %')
  })

  test('every number stays short, whatever it is', () => {
    fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 }), fc.constantFrom('a_seconds', 'a_total', 'a_bytes'), fc.constantFrom('avg', 'rate'), (value, metric, fn) => assert.ok(formatMetric(value, metric, fn).length <= 16, formatMetric(value, metric, fn))))
  })

  test('of counters the rate is meant, of histograms a percentile', () => {
    assert.deepEqual([usualFn('a', 'gauge'), usualFn('a_total', 'counter'), usualFn('a_total', 'delta'), usualFn('a_bucket', 'delta')], ['avg', 'rate', 'rate', 'p95'])
  })
})
