/** How the log of a build that made no release ends, so that whoever has shown it need not say the same again. Pure. */
export const buildEndLines = (state: 'failed' | 'cancelled', because: string): string => ` !     ${state}: ${because}`

/** Whether a log whose last line is this one has told that a build failed, and why. */
export function tellsFailure(lastLine: string | undefined, because: string): boolean {
  return lastLine !== undefined && lastLine === buildEndLines('failed', because).split('\n').at(-1)
}
