/** The advisory locks of the database. All keys stand here, since two that are equal keep each other out without a word. */
export const locks = {
  migration: 7204811,
  /** Appends to the journal. */
  journal: 7204812,
  /** Of the one control that works on this database; held as long as it does. */
  lease: 7204813,
  /** Of those who move points between partitions and chunks. */
  metricSealing: 7204814,
  /** Of those who move lines between partitions and chunks. */
  logSealing: 7204815,
  /** Of whoever folds results of checks or judges states. */
  checkStates: 7204831,
} as const
