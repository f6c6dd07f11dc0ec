import { resolve } from 'node:path'
import { AppError } from '#base/errors.ts'
import { formatDuration } from '#base/units.ts'
import type { AppDetail, Build } from '#contract/model.ts'
import { chooseEnvironment, folderName, linkFolder, linkName } from '../app-choice.ts'
import { type AppFlags, appAliases, appFlags, command, numberFlag, optionalArgument, switchFlag, textFlag, waitFlag } from '../command.ts'
import { type Cli, type Target, noApp, orMissing } from '../context.ts'
import { type DeployEnd, showLastLines, watchDeploy } from '../deploy-progress.ts'
import { UsageError } from '../errors.ts'
import { ask } from '../prompt.ts'
import { type Source, collectSource } from '../source/collect.ts'
import { uploadSource } from '../source/upload.ts'
import { sayTakesTraffic } from '../watched-release.ts'
import { appWords, appWordsAsFlags, madeWords } from '../words.ts'

type Flags = AppFlags & { clean: boolean; image: string | undefined; port: number | undefined; noWait: boolean; wait: boolean | undefined }

export const deploy = command({
  parameters: {
    positional: { kind: 'tuple', parameters: [optionalArgument('DIR', 'What to deploy; default this folder')] },
    flags: {
      clean: switchFlag('Build without the caches of earlier builds'),
      image: textFlag('IMAGE', 'Deploy a ready image instead (docker driver)'),
      port: numberFlag('N', 'With --image: the port it listens on', { min: 1, max: 65_535 }),
      noWait: switchFlag('Return as soon as the build is queued'),
      wait: waitFlag,
      ...appFlags,
    },
    aliases: appAliases,
  },
  about: `Uploads what .gitignore and .nightshiftignore leave in, always without .git and node_modules, and without .env files; builds it there, and follows build and rollout until the new release takes the traffic. What served before goes on until then, and after a failure.
For a while after that the release is watched and taken back when it is worse than the one before; --wait follows that too, and exits 1 when it was taken back.
The app is made if it isn't there. Where nothing names it, a first deploy takes the folder's name and writes it to ${linkName}.`,
  examples: ['deploy', 'deploy --wait', 'deploy ./shop --app shop --env staging', 'deploy --image nginx:1.29 --port 80 --app front'],
  async run(cli: Cli, flags: Flags, directory: string | undefined) {
    if (flags.image !== undefined && directory !== undefined) throw new UsageError('--image deploys a ready image: it takes no directory')
    if (flags.noWait && flags.wait) throw new UsageError('--wait and --no-wait contradict each other')
    if (flags.port !== undefined && flags.image === undefined) throw new UsageError('--port belongs to --image (a directory says its port in nightshift.yml)')
    const folder = resolve(cli.io.cwd, directory ?? '.')
    const interrupted = new AbortController()
    const onInterrupt = (): void => interrupted.abort(new Interrupted())
    process.once('SIGINT', onInterrupt)
    let build: Build | undefined
    try {
      const { target, source, isNew, startedAtMs } = await prepare(cli, flags, folder)
      build = source ? await uploadSource(cli, target, source, { clean: flags.clean, isNew, json: flags.json, signal: interrupted.signal }) : await deployImage(target, flags.image as string, flags.port)
      if (flags.json) cli.out.jsonLine(build)
      if (flags.noWait) {
        if (!flags.json) cli.out.line(`${build.id} is queued; follow it: ${followLine(target, build)}`)
        return 0
      }
      const end = await watchDeploy(cli, { target, build: build.id, startedAtMs, signal: interrupted.signal }, flags.json)
      if (end.state === 'failed') {
        if (!flags.json) await sayFailed(cli, target, { build, end, isNew, startedAtMs })
        return 1
      }
      if (!flags.json && end.state === 'done') cli.out.line(`${stepLineDone(cli.out.paint('green', '✓'), startedAtMs)}\n`)
      if (end.release === null) throw new AppError('internal', `the deploy of ${build.id} is done without a release`)
      if (end.state === 'made') {
        if (!flags.json) cli.out.line(madeWords(target, end.release))
        return 0
      }
      return await sayTakesTraffic(cli, target, { release: end.release, url: end.url, wait: flags.wait === true, json: flags.json, signal: interrupted.signal })
    } catch (error) {
      if (!interrupted.signal.aborted) throw error
      sayInterrupted(cli, build)
      return 130
    } finally {
      process.off('SIGINT', onInterrupt)
    }
  },
})

class Interrupted extends Error {
  override readonly name = 'AbortError'
}

/** Chooses the app and makes it if it isn't there, but not for a folder that cannot be deployed. */
async function prepare(cli: Cli, flags: Flags, folder: string): Promise<{ target: Target; source: Source | undefined; isNew: boolean; startedAtMs: number }> {
  const chosen = await cli.appChoice(flags, folder)
  const app = chosen?.app ?? (flags.image === undefined ? folderName(folder) : undefined)
  if (app === undefined) throw noApp()
  const target: Target = { ...(await cli.connect(flags)), app, environment: chooseEnvironment(flags.env, cli.io.env) }
  const { client, environment } = target
  const known = await orMissing(client.call('apps.read', { params: { app }, query: { environment } }))
  if (chosen === undefined && known !== undefined) await confirmTaken(cli, known)
  const source = flags.image === undefined ? await collectSource(folder) : undefined
  const isNewApp = known === undefined && (environment === 'production' || !(await isThere(client, app)))
  if (known === undefined) await client.call('apps.create', { body: { name: app, environment } })
  if (chosen === undefined) {
    await linkFolder(folder, app)
    if (!flags.json) cli.out.note(`nothing names an app here, so it is called ${app}, like the folder (kept in ${linkName}; another name: --app NAME)`)
  }
  if (!flags.json) cli.out.line(`deploying ${flags.image ?? folder} to ${cli.out.paint('bold', appWords(app, environment))}${known !== undefined ? '' : isNewApp ? ', a new app' : ', a new environment'}`)
  return { target, source, isNew: known === undefined || known.release === null, startedAtMs: Date.now() }
}

/** In any environment. */
async function isThere(client: Target['client'], app: string): Promise<boolean> {
  return (await client.call('apps.list')).some(({ name }) => name === app)
}

/** A folder that happens to be called like somebody's app must not replace it unasked. */
async function confirmTaken(cli: Cli, known: AppDetail): Promise<void> {
  const question = `an app called ${known.name} is there already (${known.because}), and nothing here says that this folder is it`
  if (!cli.out.interactive) throw new AppError('conflict', `${question} (deploy to it: nightshift deploy --app ${known.name}; or give this one another name: --app NAME)`)
  const answer = (await ask(cli.io, `${question}.\nDeploy to it? [y/N] `)).trim().toLowerCase()
  if (answer !== 'y' && answer !== 'yes') throw new AppError('conflict', 'nothing was deployed (another name: --app NAME)')
}

function deployImage({ client, app, environment }: Target, image: string, port: number | undefined): Promise<Build> {
  return client.call('builds.image', { params: { app }, query: { environment }, body: { image, ...(port === undefined ? {} : { port }) } })
}

async function sayFailed(cli: Cli, target: Target, { build, end, isNew, startedAtMs }: { build: Build; end: DeployEnd; isNew: boolean; startedAtMs: number }): Promise<void> {
  const { out } = cli
  const where = appWordsAsFlags(target.app, target.environment)
  const isBuilt = end.reached.has('built')
  out.line(`${out.paint('red', '✗')} ${isBuilt ? 'rollout' : 'build'} failed${end.isTold ? '' : `: ${end.detail}`}`)
  const before = isNew ? '' : 'what served before goes on. '
  if (!isBuilt) return out.note(`${before}All of the build's output: nightshift builds log ${build.id} ${where}`)
  await showLastLines(cli, target, startedAtMs)
  out.note(`${before}More: nightshift logs --since 10m ${where}, nightshift rollout ${where}`)
}

function stepLineDone(mark: string, startedAtMs: number): string {
  return `${mark} ${'done'.padEnd(9)} ${formatDuration(Date.now() - startedAtMs).padStart(9)}`
}

function followLine({ app, environment }: Pick<Target, 'app' | 'environment'>, build: Build): string {
  return `nightshift builds log ${build.id} ${appWordsAsFlags(app, environment)}`
}

function sayInterrupted(cli: Cli, build: Build | undefined): void {
  cli.io.stderr.write('\n')
  if (build === undefined) return cli.out.note('interrupted before the upload was complete: nothing was deployed')
  cli.out.note(`the deploy goes on without this command.
  follow  ${followLine(build, build)}
  state   nightshift rollout ${appWordsAsFlags(build.app, build.environment)}
  cancel  nightshift builds cancel ${build.id} ${appWordsAsFlags(build.app, build.environment)}; once it rolls out: nightshift rollout cancel ${appWordsAsFlags(build.app, build.environment)}`)
}
