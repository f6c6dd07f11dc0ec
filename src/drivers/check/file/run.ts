import { stat } from 'node:fs/promises'
import { formatDuration, formatSize, parseDuration, parseSize } from '#base/units.ts'
import type { CheckConfig } from '#contract/check-kinds.ts'
import type { RunCheck } from '../port.ts'

export const runFile: RunCheck<CheckConfig<'file'>> = async ({ path, exists, older, smaller, larger }, { now }) => {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
    throw error
  })
  if (found === null) return exists ? { status: 'err', message: `${path} is not there` } : { status: 'ok', message: `${path} is not there` }
  const ageMs = Math.max(0, now().getTime() - found.mtimeMs)
  const metrics = [{ name: 'age', value: Math.round(ageMs / 1000), unit: 's' }, { name: 'size', value: found.size, unit: 'B' }]
  if (!exists) return { status: 'err', message: `${path} is there`, metrics }
  if (older !== undefined && ageMs > parseDuration(older)) return { status: 'err', message: `${path} was last changed ${formatDuration(ageMs)} ago, more than ${older}`, metrics }
  if (smaller !== undefined && found.size < parseSize(smaller)) return { status: 'err', message: `${path} has ${formatSize(found.size)}, less than ${smaller}`, metrics }
  if (larger !== undefined && found.size > parseSize(larger)) return { status: 'err', message: `${path} has ${formatSize(found.size)}, more than ${larger}`, metrics }
  return { status: 'ok', message: `${formatSize(found.size)}, changed ${formatDuration(ageMs)} ago`, metrics }
}
