import type { EventKind } from '#contract/events.ts'

/** What somebody changed, as the journal has it. */
export type Change = {
  event: number
  at: Date
  kind: EventKind
  app: string
  environment: string
  service: string | null
  summary: string
  by: string
  /** What would undo it; null: nothing can. */
  undo: Undo | null
}

export type Undo =
  /** Back to the release before, with its config and secrets. */
  | { do: 'roll-back'; release: number; to: number }
  /** Back to the counts before; null: the manifest's. */
  | { do: 'scale-back'; from: Readonly<Record<string, number>>; to: Readonly<Record<string, number | null>> }
