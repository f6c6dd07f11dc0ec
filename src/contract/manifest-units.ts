/** Durations, sizes and percentages as people write them. */
import { z } from 'zod'
import { parseDuration, parsePercent, parseSize } from '#base/units.ts'

function checked(parse: (text: string) => number, example: string) {
  return z.string().refine(
    (text) => {
      try {
        parse(text)
        return true
      } catch {
        return false
      }
    },
    { message: `must be like ${example}` },
  )
}

export const duration = checked(parseDuration, '500ms, 30s, 5m or 2h').meta({ title: 'duration' })
export const percent = checked(parsePercent, '5% or 25%').meta({ title: 'percentage' })
export const size = checked(parseSize, '256MB or 2GB').meta({ title: 'size' })
