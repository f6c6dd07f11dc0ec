/** Cron expressions and time zones, as people write them. */
import { z } from 'zod'
import { cronFault, isTimezone } from '#base/cron.ts'

export const cronText = z.string().max(200).superRefine((value, context) => {
  const fault = cronFault(value)
  if (fault !== null) context.addIssue({ code: 'custom', message: fault })
})

export const timezone = z.string().max(60).refine(isTimezone, 'must be a time zone such as Europe/Berlin')
