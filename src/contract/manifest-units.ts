/** Durations, sizes and percentages as people write them. */
import { z } from 'zod'
import { AppError } from '#base/errors.ts'
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

/** `99.9%` → 0.999. Throws `invalid`: at 100 % nothing may ever fail, and there is no budget to burn. */
export function parseObjective(text: string): number {
  const share = /^\d{1,2}(\.\d{1,3})?%$/.test(text) ? Number((Number.parseFloat(text) / 100).toFixed(5)) : Number.NaN
  if (!(share >= 0.5 && share < 1)) throw new AppError('invalid', `"${text}" is not an objective (write 99%, 99.9% or 99.95%: at least 50%, less than 100%)`)
  return share
}
export const objective = checked(parseObjective, '99%, 99.9% or 99.95%, less than 100%').meta({ title: 'percentage' })
