import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failedAround, windowOf } from './around.ts'

const at = (seconds: number) => new Date(seconds * 1000).toISOString()
const point = (seconds: number, requests: number, errors: number) => ({ at: at(seconds), requests, errors, p50Ms: null, p99Ms: null })
const points = [point(0, 100, 0), point(100, 100, 2), point(150, 10, 5), point(200, 10, 8), point(300, 0, 0), point(400, 100, 1)]

test('failed requests are told before, at worst, and after; the last minute before the first sign is part of it', () => {
  assert.deepEqual(failedAround(points, at(200), at(300)), { before: 0.01, worst: 0.8, after: 0.01 })
  assert.deepEqual(failedAround(points, at(209), at(300)).before, 0.01)
})

test('there is no after while it goes on, and nothing to tell where nobody asked', () => {
  assert.equal(failedAround(points, at(200), null).after, null)
  assert.deepEqual(failedAround([point(0, 0, 0)], at(0), at(1)), { before: null, worst: null, after: null })
})

test('the window is what the points cover', () => {
  assert.deepEqual(windowOf(points), { until: 400, minutes: 400 / 60 })
  assert.deepEqual(windowOf([]), { until: 0, minutes: 1 })
})
