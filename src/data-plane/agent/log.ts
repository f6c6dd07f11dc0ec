/** What the agent needs of a logger; `kernel/log.ts` makes one. */
export type Log = {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}
