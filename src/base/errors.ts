/**
 * The one error type that crosses a boundary inside Nightshift. Only `surfaces/api` turns it into an
 * RFC 9457 problem. Expected outcomes are values, not errors.
 *
 * `detail` names the thing, the value and the way out:
 * `cannot start shop/web.3: no Dockerfile or Procfile in "." (add one, or set services.web.command)`.
 */
export const errorCodes = [
  'invalid',
  'unauthenticated',
  'forbidden',
  'not-found',
  'conflict',
  'stale',
  'limited',
  'unavailable',
  'internal',
] as const
export type ErrorCode = (typeof errorCodes)[number]

/** A fault in one field of an input: `path` is dotted (`services.web.port`), `line` and `column` start at 1. */
export type FieldFault = { path: string; message: string; line?: number; column?: number }

export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ErrorCode
  readonly fields: readonly FieldFault[]
  /** Seconds after which a try may succeed, for `limited` and `unavailable`. */
  readonly retryAfterSeconds: number | undefined

  constructor(
    code: ErrorCode,
    detail: string,
    options: { cause?: unknown; fields?: readonly FieldFault[]; retryAfterSeconds?: number } = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.fields = options.fields ?? []
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

export function isAppError(error: unknown, code?: ErrorCode): error is AppError {
  return error instanceof AppError && (code === undefined || error.code === code)
}

/** The message of anything thrown, for a log line or a `because`. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
