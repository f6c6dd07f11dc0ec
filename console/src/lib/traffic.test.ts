import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TrafficSeries } from '#contract/model.ts'
import { addUp, resourceLines, trend } from './traffic.ts'

const at = (seconds: number) => new Date(seconds * 1000).toISOString()
const series = (key: string, requests: number[], errors = 0): TrafficSeries => ({ key, app: 'shop', environment: 'production', service: 'web', from: null, requestRate: 0, errorShare: 0, staleShare: 0, p50Ms: null, p95Ms: null, p99Ms: null, points: requests.map((count, index) => ({ at: at(index * 30), requests: count, errors, p50Ms: count === 0 ? null : 10 * (index + 1), p99Ms: count === 0 ? null : 100 })) })

test('series are added up by time, as a rate, without the step that has only begun', () => {
  const sum = addUp([series('a', [30, 60, 1]), series('b', [0, 60, 1], 3)])
  assert.deepEqual(sum.times, [0, 30])
  assert.deepEqual(sum.rate, [1, 4])
  assert.deepEqual(sum.errorShare, [3 / 30, 3 / 120])
  assert.deepEqual(sum.p50, [10, 20])
})

test('where nothing was asked nothing failed and nothing was slow', () => {
  const sum = addUp([series('a', [0, 0, 0])])
  assert.deepEqual([sum.errorShare, sum.p99], [[null, null], [null, null]])
  assert.equal(trend(sum.p99).now, null)
})

test('instances of a service make one line, or one each', () => {
  const point = (seconds: number, cpu: number) => ({ at: at(seconds), cpu, memoryBytes: 0 })
  const both = [
    { instance: 'ins_1', name: 'web.1', service: 'web', points: [point(0, 1), point(15, 2)] },
    { instance: 'ins_2', name: 'web.2', service: 'web', points: [point(15, 3)] },
  ]
  assert.deepEqual(resourceLines(both, 'service', (one) => one.cpu).lines, [{ name: 'web', values: [1, 5] }])
  assert.deepEqual(resourceLines(both, 'name', (one) => one.cpu).lines, [{ name: 'web.1', values: [1, 2] }, { name: 'web.2', values: [null, 3] }])
})
