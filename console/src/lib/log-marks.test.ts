import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { placeMarks } from './log-marks.ts'

test('each mark stands before the first line that is not older, and after the last line if there is none', () =>
  fc.assert(
    fc.property(fc.array(fc.nat(50)), fc.array(fc.nat(60)), fc.boolean(), (lineTimes, markTimes, atStart) => {
      const at = (n: number) => ({ at: new Date(n * 1000).toISOString() })
      const lines = lineTimes.sort((a, b) => a - b).map(at)
      const marks = markTimes.sort((a, b) => a - b).map(at)
      const places = placeMarks(lines, marks, atStart)
      const placed = [...places.values()].flat()
      assert.deepEqual(new Set(placed), new Set(lines.length === 0 ? [] : marks.filter((mark) => atStart || mark.at >= (lines[0]?.at ?? ''))))
      for (const [index, group] of places) for (const mark of group) assert.ok((lines[index]?.at ?? '~') >= mark.at && (index === 0 || (lines[index - 1]?.at ?? '') < mark.at))
    }),
  ))
