import assert from 'node:assert/strict'
import { test } from 'node:test'
import { relativeTime } from './times.ts'

const now = Date.parse('2026-05-01T03:10:00Z')
const day = 24 * 3_600_000
const told = (ms: number) => relativeTime(new Date(now + ms).toISOString(), now)

test('a time is told by its distance, in the largest unit that says enough', () => {
  assert.deepEqual([told(-1000), told(1000), told(-50_000), told(-90_000), told(14 * 60_000), told(-3 * day)], ['just now', 'in a moment', '50 s ago', '1 min ago', 'in 14 min', '3 d ago'])
})

test('what ends in a year ends in twelve months, a moment later too', () => {
  assert.deepEqual([told(365 * day), told(365 * day - 60_000), told(-61 * day), told(3 * 366 * day)], ['in 12 months', 'in 12 months', '2 months ago', 'in 3 years'])
})
