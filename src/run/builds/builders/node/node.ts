/**
 * Node.js apps: installs what package.json asks for with the package manager whose lock file is there, runs the `build`
 * script, and leaves out what only the build needed. Installed packages are kept between builds by the lock file's hash.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { AppError } from '#base/errors.ts'
import { hasFile, hasFolder, readJson, readSource } from '#run/manifest/source.ts'
import { procfileProcesses } from '../none/none.ts'
import { siteFolder, staticCommand, staticServerStep } from '../static/static.ts'
import type { BuildContext, Builder, Plan, Step } from '../types.ts'
import { packageManager, type PackageManager } from './managers.ts'

/** Scripts of the app itself that npm and others run around an install; they may need dev dependencies. */
const lifecycle = ['preinstall', 'install', 'postinstall', 'prepublish', 'prepare', 'preprepare', 'postprepare']

export const nodeBuilder: Builder = {
  name: 'node',
  async detect(dir) {
    return (await hasFile(dir, 'package.json')) ? { because: 'there is a package.json' } : null
  },
  async plan(context) {
    const { dir, tools } = context
    const json = await readJson(dir, 'package.json')
    if (json === null) throw new AppError('invalid', 'there is no package.json to build from (add one, or set build.builder to none)')
    const scripts = stringMap(json['scripts'])
    const steps: Step[] = [...engineNotes(json, tools.node.version)]
    const dev = Object.keys(stringMap(json['devDependencies'])).length > 0
    const dependencies = ['dependencies', 'optionalDependencies', 'peerDependencies'].some((key) => Object.keys(stringMap(json[key])).length > 0)
    const workspaces = json['workspaces'] !== undefined || (await hasFile(dir, 'pnpm-workspace.yaml'))
    const needsInstall = dependencies || dev || workspaces || lifecycle.some((name) => scripts[name] !== undefined)
    const manager = await packageManager(dir, json, tools, context.cache)
    if (!needsInstall) steps.push({ kind: 'say', text: 'no dependencies: nothing to install' })
    else if (await hasFolder(dir, 'node_modules')) steps.push({ kind: 'say', text: 'the source holds node_modules; they are replaced by a fresh install (add node_modules to .gitignore)' }, { kind: 'remove', path: join(dir, 'node_modules') })
    const withDev = needsInstall && (scripts['build'] !== undefined || lifecycle.some((name) => scripts[name] !== undefined) || workspaces)
    if (needsInstall) steps.push(...(await installSteps(context, manager, withDev, workspaces)))
    if (scripts['build'] !== undefined) steps.push({ kind: 'run', title: `running the build script: ${scripts['build']}`, argv: manager.run('build'), cwd: dir, env: manager.env })
    if (withDev && dev) {
      if (manager.prune === null) steps.push({ kind: 'say', text: `${manager.name} cannot leave out dev dependencies afterwards; they stay` })
      else steps.push({ kind: 'run', title: 'leaving out dev dependencies', argv: manager.prune, cwd: dir, env: { ...manager.env, NODE_ENV: 'production' } })
    }
    return withCommands(context, scripts, json, manager, { runtime: `Node ${tools.node.version}`, steps, processes: {}, path: ['node_modules/.bin'] })
  },
}

async function installSteps(context: BuildContext, manager: PackageManager, withDev: boolean, workspaces: boolean): Promise<Step[]> {
  const { dir, tools } = context
  const install: Step = {
    kind: 'run',
    title: `installing dependencies with ${manager.name} (${manager.because})`,
    argv: manager.install(withDev),
    cwd: dir,
    env: { ...manager.env, ...(withDev ? {} : { NODE_ENV: 'production' }) },
  }
  const lock = manager.lockFile === null ? null : await readSource(dir, manager.lockFile).catch(() => null)
  // Without a lock file the newest versions are wanted, and what a local path or workspace holds is not in the hash.
  if (lock === null || workspaces || /"(file|link|workspace):|"link": true|(file|link):\.{0,2}\//.test(lock)) return [install]
  const hash = createHash('sha256').update([manager.name, tools.node.version, process.arch, String(withDev), (await readSource(dir, 'package.json')) ?? '', (await readSource(dir, '.npmrc')) ?? '', lock].join('\0'))
  const key = `node-modules-${hash.digest('hex').slice(0, 24)}`
  const modules = join(dir, 'node_modules')
  return [{ kind: 'restore', title: `the ${manager.lockFile} is unchanged: using the packages of the last build`, key, to: modules, instead: [install, { kind: 'save', key, from: modules }] }]
}

async function withCommands(context: BuildContext, scripts: Record<string, string>, json: Record<string, unknown>, manager: PackageManager, plan: Plan): Promise<Plan> {
  const { dir, top } = context
  const procfile = await procfileProcesses(dir)
  const start = scripts['start']
  if (start !== undefined) {
    // Without npm around it an app costs one process less and gets its signals first-hand; with pre and post scripts npm is needed.
    const line = scripts['prestart'] === undefined && scripts['poststart'] === undefined ? start : manager.run('start').join(' ')
    return { ...plan, processes: { web: line, ...procfile } }
  }
  const main = (await hasFile(dir, 'server.js')) ? 'server.js' : typeof json['main'] === 'string' && /^[\w./-]+$/.test(json['main']) && (await hasFile(dir, json['main'])) ? json['main'] : null
  if (procfile['web'] !== undefined || (main !== null && scripts['build'] === undefined)) return { ...plan, processes: { ...(main === null ? {} : { web: `node ${main}` }), ...procfile } }
  return {
    ...plan,
    steps: [...plan.steps, await staticServerStep(top)],
    processes: procfile,
    async processesAfter() {
      const folder = scripts['build'] === undefined ? null : await siteFolder(dir)
      if (folder !== null) return { web: staticCommand(dir, top, folder) }
      return main === null ? {} : { web: `node ${main}` }
    },
  }
}

function engineNotes(json: Record<string, unknown>, version: string): Step[] {
  const wanted = stringMap(json['engines'])['node']
  return wanted === undefined ? [] : [{ kind: 'say', text: `package.json asks for Node ${wanted}; this is ${version}` }]
}

function stringMap(value: unknown): Record<string, string> {
  if (value === null || typeof value !== 'object') return {}
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}
