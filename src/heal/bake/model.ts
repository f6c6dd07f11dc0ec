/** A release that is watched after the switch, beside the release before it. */
import type { Bake } from '#contract/model.ts'
import type { ReleaseTraffic } from '#watch/traffic/read.ts'

export type BakeState = Bake['state']

/** baking → passed | condemned | accepted | superseded. Ends never change. */
export const bakeTransitions: Record<BakeState, readonly BakeState[]> = {
  baking: ['passed', 'condemned', 'accepted', 'superseded'],
  passed: [],
  condemned: [],
  accepted: [],
  superseded: [],
}

/** As stored. */
export type BakeRow = {
  app: string
  environment: string
  release: number
  from_release: number
  state: BakeState
  because: string
  started_at: Date
  until: Date
  ended_at: Date | null
  /** The release that brought the one before back. */
  rolled_back_to: number | null
}

/** What one release was asked and answered in a window, service by service. `crashes`: restarts after a crash or hang, of all services. */
export type ReleaseWindow = { services: Readonly<Record<string, ReleaseTraffic>>; crashes: number; ms: number }

/** An environment as the plan sees it. */
export type BakeFacts = {
  app: string
  environment: string
  activeRelease: number | null
  /** A rollout is under way: the newest wish counts. */
  rollingOut: boolean
  /** The switch to the active release, if it ended well. */
  switched: { release: number; from: number; at: Date; /** null: it is not to be watched. */ bakeMs: number | null } | null
  bake: BakeRow | null
  before: ReleaseWindow
  after: ReleaseWindow
  /** Crash loops of the release that are held now, each with its because. */
  held: readonly string[]
  /** Why healing is paused there; null: it is not. */
  paused: string | null
  /** Services that others need and that have no ready instance now. */
  sickNeeds: readonly string[]
}

export type Action = { because: string } & ({ do: 'begin'; release: number; from: number; at: Date; until: Date } | { do: 'end'; release: number; state: 'passed' | 'superseded'; /** Of one that gave way already: nothing goes back to it. */ fault?: string } | { do: 'condemn'; release: number; from: number })
