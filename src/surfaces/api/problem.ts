/** The only place where an error becomes HTTP: RFC 9457 problem details. */
import { z } from 'zod'
import { givenValue, issueWords } from '#contract/issue-words.ts'
import { AppError, type ErrorCode, type FieldFault, isAppError } from '#base/errors.ts'

const statusOf: Record<ErrorCode, number> = {
  invalid: 400, unauthenticated: 401, forbidden: 403, 'not-found': 404, conflict: 409, stale: 412, limited: 429, internal: 500, unavailable: 503,
}

const titleOf: Record<ErrorCode, string> = {
  invalid: 'The request is not valid', unauthenticated: 'Sign in first', forbidden: 'Not allowed', 'not-found': 'Not found', conflict: 'Conflict',
  stale: 'It has changed meanwhile', limited: 'Too many requests', internal: 'Something broke in Nightshift', unavailable: 'Not available now',
}

export type Problem = { type: string; title: string; status: number; detail: string; code: ErrorCode; fields?: readonly FieldFault[]; requestId?: string }

/** Anything thrown → a problem. What is not an AppError is a fault of ours: its message stays in our log. */
export function problemOf(error: unknown, requestId?: string): { problem: Problem; headers: Record<string, string> } {
  const known = toAppError(error)
  const problem: Problem = {
    type: `https://nightshift.dev/problems/${known.code}`,
    title: titleOf[known.code],
    status: statusOf[known.code],
    detail: known.message,
    code: known.code,
    ...(known.fields.length > 0 ? { fields: known.fields } : {}),
    ...(requestId === undefined ? {} : { requestId }),
  }
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' }
  if (known.code === 'unauthenticated') headers['www-authenticate'] = 'Bearer realm="nightshift"'
  if (known.retryAfterSeconds !== undefined) headers['retry-after'] = String(known.retryAfterSeconds)
  return { problem, headers }
}

/** What PostgreSQL says to a NUL in a text or in JSON, and to a number out of range: they come from the request alone. */
const unstorable: ReadonlySet<string> = new Set(['22021', '22P05', '22003'])

function toAppError(error: unknown): AppError {
  if (isAppError(error)) return error
  if (error instanceof z.ZodError) return invalidInput(error)
  const { statusCode, code, message, detail } = error as { statusCode?: number; code?: string; message?: string; detail?: string }
  if (statusCode === 413 || code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new AppError('invalid', 'the request body is too large')
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) return new AppError('invalid', message ?? 'the request is not valid')
  const databaseAway = code === 'ECONNREFUSED' || code === 'ECONNRESET' || code === '57P01' || code === '57P03' || /Connection terminated|timeout exceeded when trying to connect/.test(message ?? '')
  if (databaseAway) return new AppError('unavailable', 'the database is away for a moment; apps and traffic are not touched; try again', { retryAfterSeconds: 1 })
  if (code === '53100' || code === 'ENOSPC' || code === 'EDQUOT') return new AppError('unavailable', 'the disk of the server is full, so nothing can be stored; what runs is not touched (free some space and try again)', { retryAfterSeconds: 10 })
  if (code !== undefined && unstorable.has(code)) return new AppError('invalid', 'the request holds a NUL character or a number that is too large; neither can be stored')
  if (code === '22P02' && /surrogate/.test(detail ?? '')) return new AppError('invalid', 'the request holds half a character (a lone surrogate such as \\ud83d), which cannot be stored')
  return new AppError('internal', 'an unexpected error; the details are in the control log under this request id')
}

/** Every fault at once, each with the field it is about. */
function invalidInput(error: z.ZodError): AppError {
  const fields = error.issues.map((issue) => ({ path: issue.path.join('.') || 'body', message: `${issueWords(issue)}${givenValue(issue)}` }))
  const first = fields[0] as FieldFault
  const more = fields.length > 1 ? ` (and ${fields.length - 1} more)` : ''
  return new AppError('invalid', `${first.path}: ${first.message}${more}`, { fields })
}
