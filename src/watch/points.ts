/** Charts of samples and traffic: both are stored in points of ten seconds and answered in equal steps. */
export const grainMs = 10_000

export const maxPoints = 120

/** A step of whole grains that makes at most `maxPoints` of the window. */
export function stepMs(minutes: number): number {
  return Math.max(1, Math.ceil((minutes * 60_000) / maxPoints / grainMs)) * grainMs
}
