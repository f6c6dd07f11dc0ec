/** Codes of the system for: no room left, for all or for this user. */
const fullCodes = new Set(['ENOSPC', 'EDQUOT'])

/** Whether a full disk is what an error is about, itself or by its cause. */
export function isDiskFull(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if (fullCodes.has((at as NodeJS.ErrnoException).code ?? '')) return true
  }
  return false
}
