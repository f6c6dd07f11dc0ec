import { type AppError, isAppError } from '#base/errors.ts'

/** What a caller of git is told of an error: a fault of ours names paths of the machine, so it stays in the log of control. */
export function toldOf(error: unknown): string {
  return isExpected(error) ? error.message : 'something broke in Nightshift; the details are in the log of control'
}

export function isExpected(error: unknown): error is AppError {
  return isAppError(error) && error.code !== 'internal'
}
