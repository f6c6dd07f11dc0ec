import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { LogLine } from '#contract/model.ts'
import { LineBuffer } from './line-buffer.ts'

const line = (nth: number) => ({ cursor: String(nth).padStart(6, '0') }) as LogLine
const cursors = (buffer: LineBuffer) => buffer.lines.map(({ cursor }) => Number(cursor))

test('lines stand in the order of time, in whatever order and pieces they arrive', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(400), { minLength: 1 }), fc.nat(5), (arriving, every) => {
      const buffer = new LineBuffer()
      for (const [nth, each] of arriving.entries()) {
        buffer.arrive(line(each))
        if (nth % (every + 1) === 0) buffer.settle()
      }
      buffer.settle()
      assert.deepEqual(cursors(buffer), arriving.toSorted((a, b) => a - b))
      assert.equal(buffer.waiting, 0)
    }),
  )
})

test('what waits is counted and stays out of the list; an older page goes before it', () => {
  const buffer = new LineBuffer()
  buffer.begin({ lines: [line(5), line(6)], next: 'older' })
  assert.equal(buffer.settle(), false)
  buffer.arrive(line(8))
  buffer.arrive(line(7))
  assert.deepEqual([cursors(buffer), buffer.waiting], [[5, 6], 2])
  buffer.prepend({ lines: [line(3), line(4)], next: null })
  assert.equal(buffer.settle(), true)
  assert.deepEqual([cursors(buffer), buffer.prepended, buffer.next], [[3, 4, 5, 6, 7, 8], 2, null])
})
