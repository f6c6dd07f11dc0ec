import type { InstanceKind, ObservedInstance } from '#contract/wire.ts'

export type InstanceRow = {
  id: string
  app: string
  environment: string
  kind: InstanceKind
  service: string
  ordinal: number
  release: number
  machine: string
  generation: number
  /** run: should be there · retire: out of rotation, to be stopped · gone */
  wanted: 'run' | 'retire' | 'gone'
  because: string
  restart_requested: boolean
  restart_because: string | null
  observed: ObservedInstance | null
  created_at: Date
  retired_at: Date | null
  gone_at: Date | null
}

export function instanceNameOf(row: { service: string; ordinal: number }): string {
  return `${row.service}.${row.ordinal}`
}

/** The agent's word, if it is about the generation that is wanted now. */
export function currentObservation(row: InstanceRow): ObservedInstance | null {
  return row.observed !== null && row.observed.generation === row.generation ? row.observed : null
}
