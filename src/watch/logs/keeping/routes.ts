import { AppError } from '#base/errors.ts'
import { formatDuration, formatSize, parseDuration, parseSize } from '#base/units.ts'
import type { LogKeeping } from '#contract/logs.ts'
import type { Database, Db } from '#kernel/db/db.ts'
import type { Handlers } from '#kernel/handlers.ts'
import { record } from '#kernel/journal.ts'
import { unknownApps } from '#run/apps/read.ts'
import { defaultKeeping } from './plan.ts'
import { readHeld, readKeepings } from './read.ts'
import { saveKeeping } from './store.ts'

/** Less than that is a slip: it would empty the log while it is read. */
const leastMs = 60 * 60_000
const mostMs = 3650 * 86_400_000
const leastBytes = 1024 ** 2

export function keepingRoutes(db: Database): Handlers {
  return {
    'logs.keeping': ({ params }) => keepingOf(db, params.app),
    'logs.keep': async ({ params: { app }, body }, { caller, now }) => {
      if ((await unknownApps(db, [app])).length > 0) throw new AppError('not-found', `there is no app "${app}" (see: nightshift apps)`)
      const keepMs = body.keep == null ? body.keep : parseDuration(body.keep)
      const maxBytes = body.size == null ? body.size : parseSize(body.size)
      if (keepMs != null && (keepMs < leastMs || keepMs > mostMs)) throw new AppError('invalid', `logs cannot be kept for ${body.keep}: an hour at least, ten years at most`)
      if (maxBytes != null && maxBytes < leastBytes) throw new AppError('invalid', `logs cannot be kept up to ${body.size}: 1MB at least`)
      await db.transaction(async (tx) => {
        await saveKeeping(tx, app, { keepMs, maxBytes }, now)
        const { keep, size } = await keepingOf(tx, app)
        await record(tx, { at: now, kind: 'logs.keeping-changed', actor: caller.actor, app, summary: `logs of ${app} are kept for ${formatDuration(keep.ms)}, up to ${formatSize(size.bytes)}`, data: { keepMs: keep.ms, maxBytes: size.bytes } })
      })
      return keepingOf(db, app)
    },
  }
}

async function keepingOf(db: Db, app: string): Promise<LogKeeping> {
  const [all, held] = [await readKeepings(db), await readHeld(db, app)]
  const { keepMs, maxBytes, keepFrom, sizeFrom } = all.get(app) ?? { ...defaultKeeping, keepFrom: 'default' as const, sizeFrom: 'default' as const }
  return { keep: { ms: keepMs, from: keepFrom }, size: { bytes: maxBytes, from: sizeFrom }, held }
}
