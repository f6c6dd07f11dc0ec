/** Packs a directory, sends it, and says what was sent and what was left out. */
import { AppError, messageOf } from '#base/errors.ts'
import { formatDuration, formatSize } from '#base/units.ts'
import type { Build } from '#contract/model.ts'
import type { Cli, Target } from '../context.ts'
import { plural } from '../words.ts'
import type { Source } from './collect.ts'
import { gitState } from './git.ts'
import { packSource } from './pack.ts'

export type Upload = { clean: boolean; /** Nothing was ever deployed there. */ isNew: boolean; json: boolean; signal: AbortSignal }

export async function uploadSource(cli: Cli, { client, app, environment }: Target, source: Source, upload: Upload): Promise<Build> {
  const { out } = cli
  const git = await gitState(source.root)
  if (!upload.json) {
    out.line(`  ${plural(source.files, 'file')}, ${formatSize(source.bytes)}${git === undefined ? '' : `, commit ${git.commit.slice(0, 8)}${git.dirty ? ' with changes that are not committed' : ''}`}`)
    if (source.special.length > 0) out.note(`  left out, because only files can be deployed: ${some(source.special)}`)
    if (upload.isNew && source.environmentFiles.length > 0) out.note(`  left out, because such files hold secrets: ${some(source.environmentFiles)} (set what the app needs: nightshift secrets set NAME, nightshift config set NAME=value)`)
  }
  const started = performance.now()
  let sent = 0
  const shown = out.columns !== undefined && !upload.json
  let lastShown = started
  const packed = packSource(source, (bytes) => {
    sent = bytes
    if (!shown || performance.now() - lastShown < 250) return
    lastShown = performance.now()
    cli.io.stdout.write(`\r  uploading ${formatSize(sent)}\x1b[K`)
  })
  try {
    const query = { environment, ...(upload.clean ? { clean: 'true' } : {}), ...(git === undefined ? {} : { commit: git.commit }) }
    const build = await client.upload('builds.create', { params: { app }, query }, packed.body, upload.signal)
    if (shown) cli.io.stdout.write('\r\x1b[K')
    if (!upload.json) out.line(`  ${formatSize(sent)} uploaded in ${formatDuration(performance.now() - started)}: ${build.id}`)
    return build
  } catch (error) {
    if (shown) cli.io.stdout.write('\r\x1b[K')
    const failure = packed.failure()
    if (failure !== undefined) throw new AppError('invalid', `cannot read the source: ${messageOf(failure)}: nothing was deployed`, { cause: failure })
    throw error
  }
}

function some(paths: readonly string[]): string {
  return paths.length <= 4 ? paths.join(', ') : `${paths.slice(0, 3).join(', ')} and ${paths.length - 3} more`
}
