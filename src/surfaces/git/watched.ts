import { formatDuration } from '#base/units.ts'
import type { Bake } from '#contract/model.ts'

/** What a push is told after its release took the traffic; null: nothing is left to wait for. */
export function watchedWords(bake: Bake | null, release: number | null, now: Date): string | null {
  if (bake === null || bake.release !== release) return null
  if (bake.state === 'condemned') return `v${release} was taken back: ${bake.because}`
  if (bake.endedAt !== null) return null
  return `it is watched for ${formatDuration(Math.max(0, Date.parse(bake.until) - now.getTime()))} more: if it is worse than v${bake.fromRelease}, that one comes back (see: nightshift rollout)`
}
