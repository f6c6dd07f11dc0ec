/**
 * What goes over the WebSocket of `terminals.open` (`path` of its answer). Binary frames are bytes of the terminal, both
 * ways and as they are; text frames are one of these JSON objects. The server closes the socket after `exit`.
 */
export type TerminalToServer =
  | { t: 'resize'; cols: number; rows: number }
  /** End of input (Ctrl-D of a pipe); needless with a tty. */
  | { t: 'eof' }

export type TerminalToClient =
  /** `code` is null when the command never ran or was lost; then `error` says why. */
  { t: 'exit'; code: number | null; error?: string }
