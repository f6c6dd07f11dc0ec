/**
 * Whether PostgreSQL read what it was given and cannot hold it (SQLSTATE classes 22 data, 23 constraint, 54 program limit): no other try ends
 * better, so whoever tries again must leave it out, or it holds up what comes after it for ever.
 */
export function isUnstorable(error: unknown): boolean {
  return /^(22|23|54)/.test(String((error as { code?: unknown } | null)?.code ?? ''))
}
