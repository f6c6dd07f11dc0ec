import type { Build } from '#contract/model.ts'
import { shortCommit } from '../lib/what-changed.ts'
import type { Health } from './health.tsx'

export const buildHealth: Record<Build['state'], Health> = { queued: 'empty', running: 'working', succeeded: 'healthy', failed: 'down', cancelled: 'stopped' }

/** Where a build came from: `git main 9f31c0d`, `a directory`, `image nginx:1.29`. */
export function sourceOf({ source }: Pick<Build, 'source'>): string {
  if (source.kind === 'image') return `image ${source.image ?? ''}`
  const commit = source.commit === null ? '' : ` ${shortCommit(source.commit)}`
  return source.kind === 'git' ? `git ${source.branch ?? ''}${commit}` : `a directory${commit}`
}
