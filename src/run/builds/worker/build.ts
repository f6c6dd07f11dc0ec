/**
 * One build from an unpacked source to a slug: read the manifest, choose a builder for each folder that services live
 * in, carry out the plans, find every service's command, pack.
 */
import { mkdir, realpath, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '#base/errors.ts'
import { formatSize } from '#base/units.ts'
import type { Manifest } from '#contract/manifest.ts'
import { readManifest } from '#run/manifest/read.ts'
import { readSource } from '#run/manifest/source.ts'
import { chooseBuilder, type Choice } from '../builders/table.ts'
import { procfileProcesses } from '../builders/none/none.ts'
import type { BuildSettings, Plan, Step, Tools } from '../builders/types.ts'
import { launcherPath } from '../launch.ts'
import { parseDockerIgnore } from './docker-ignore.ts'
import { launcherScript } from './launcher.ts'
import { packSlug } from './slug.ts'
import { runSteps, type StepContext } from './steps.ts'
import { workFiles, type WorkerResult, type WorkerSpec } from './spec.ts'

export type BuildJob = { spec: WorkerSpec; /** the unpacked source */ top: string; /** where results go */ work: string; tools: Tools; context: StepContext }

type Built = Exclude<WorkerResult, { kind: 'failed' }>
type Group = { root: string; services: string[]; settings: BuildSettings }
type Chosen = { group: Group; choice: Choice }
/** What the builders say of how services start and what they need for it. */
type Found = { processes: Record<string, string>; runtimes: string[]; path: string[] }

export async function build(job: BuildJob): Promise<Built> {
  const { spec, top, context } = job
  context.onStep('reading the manifest')
  const { manifest, source, notes } = await readManifest(top, { defaultName: spec.app, ownAddresses: spec.containers })
  context.log.step(`manifest: ${source}; services: ${Object.keys(manifest.services).join(', ')}`)
  for (const note of notes) context.log.line(`       ${note}`)

  const chosen = await chooseBuilders(job, groupsOf(manifest))
  const dockerfile = chosen.find(({ choice }) => choice.builder.name === 'dockerfile')
  const learned = { manifest, manifestSource: source, builder: [...new Set(chosen.map(({ choice }) => choice.builder.name))].join('+') || 'none', because: chosen.map(({ choice }) => choice.because).join('; ') || 'every service has an image of its own' }
  if (dockerfile !== undefined) {
    if (chosen.length > 1) throw new AppError('invalid', `a Dockerfile builds the whole app, but ${chosen.map(({ group }) => where(group)).join(' and ')} are folders of their own (give every service the same root, or an image)`)
    return packContext(job, dockerfile.group, learned)
  }

  const found: Found = { processes: {}, runtimes: [], path: [] }
  for (const one of chosen) await buildGroup(job, one, manifest, found)
  assertCommands(manifest, found.processes)
  const packed = await packFolder(job, found.path)
  tellCommands(context, manifest, found.processes)
  return { kind: 'slug', ...learned, processes: found.processes, runtime: [...new Set(found.runtimes)].join(', ') || 'none', path: found.path, files: packed.files, bytes: packed.bytes }
}

async function chooseBuilders({ spec, top, context }: BuildJob, groups: Group[]): Promise<Chosen[]> {
  const chosen: Chosen[] = []
  for (const group of groups) {
    context.onStep(`choosing a builder for ${where(group)}`)
    const choice = await chooseBuilder(await folderOf(top, group), group.settings, { containers: spec.containers })
    context.log.step(`${where(group)} is built by ${choice.builder.name}: ${choice.because}`)
    if (choice.considered.length > 0) context.log.line(`       asked in order: ${choice.considered.join('; ')}`)
    chosen.push({ group, choice })
  }
  return chosen
}

/** Carries out the plan of one folder, and adds to `found` what it says. */
async function buildGroup({ spec, top, tools, context }: BuildJob, { group, choice }: Chosen, manifest: Manifest, found: Found): Promise<void> {
  const dir = await folderOf(top, group)
  const cache = join(context.cache, group.root === '.' ? 'root' : group.root.replaceAll('/', '+'))
  await mkdir(cache, { recursive: true })
  const env = { ...spec.env, ...group.settings.env }
  const plan = await choice.builder.plan({ dir, top, settings: group.settings, tools, cache, env })
  await runSteps([...hook('pre', group, dir), ...plan.steps, ...hook('post', group, dir)], { ...context, cache, env: { ...context.env, ...env } })
  const processes = { ...plan.processes, ...(await plan.processesAfter?.()) }
  for (const name of group.services) {
    const command = processes[name] ?? (group.services.length === 1 ? processes['web'] : undefined)
    if (manifest.services[name]?.command === undefined && command !== undefined) found.processes[name] = command
  }
  found.runtimes.push(plan.runtime)
  found.path.push(...pathOf(plan, group))
}

async function packFolder({ spec, top, work, context }: BuildJob, path: string[]): Promise<{ files: number; bytes: number }> {
  await mkdir(join(top, '.nightshift'), { recursive: true })
  await writeFile(join(top, launcherPath), launcherScript(path), { mode: 0o755 })
  context.onStep('packing the slug')
  const packed = await packSlug(top, join(work, workFiles.slug), { files: spec.files * 4, unpackedBytes: spec.unpackedBytes })
  context.log.step(`packed ${packed.files} files, ${formatSize(packed.bytes)}`)
  return packed
}

function tellCommands({ log }: StepContext, manifest: Manifest, processes: Record<string, string>): void {
  for (const [name, service] of Object.entries(manifest.services)) {
    const command = service.command ?? processes[name]
    if (command !== undefined) log.line(`       ${name}: ${typeof command === 'string' ? command : command.join(' ')}`)
  }
}

/** Services by the folder they share; those with an image of their own are not built. */
function groupsOf(manifest: Manifest): Group[] {
  const groups = new Map<string, Group>()
  for (const [name, service] of Object.entries(manifest.services)) {
    if (service.image !== undefined) continue
    const root = service.root.split('/').filter((part) => part !== '' && part !== '.').join('/') || '.'
    const known = groups.get(root)
    // Services of one folder are built once: the first that says how counts (the manifest's check refuses two that differ).
    if (known === undefined) groups.set(root, { root, services: [name], settings: settingsOf(manifest, service.build) })
    else {
      known.services.push(name)
      if (known.settings.builder === 'auto' || (known.settings.builder === 'none' && service.build.builder === 'auto')) known.settings = mergeSettings(known.settings, service.build)
    }
  }
  return [...groups.values()]
}

function settingsOf(manifest: Manifest, own: BuildSettings): BuildSettings {
  const isDefault = own.builder === 'auto' && Object.keys(own).length === 1
  return isDefault && manifest.build !== undefined ? manifest.build : own
}

function mergeSettings(known: BuildSettings, own: BuildSettings): BuildSettings {
  // `none` says "this one needs no build", which does not speak for the others in the folder.
  const builder = own.builder === 'none' ? known.builder : own.builder
  return { ...known, ...own, builder, env: { ...known.env, ...own.env } }
}

async function folderOf(top: string, group: Group): Promise<string> {
  const real = await realpath(join(top, group.root)).catch(() => null)
  if (real === null) throw new AppError('invalid', `${where(group)} does not exist in the source (set services.${group.services[0]}.root to a folder that does)`)
  if (real !== top && !real.startsWith(`${top}/`)) throw new AppError('invalid', `${where(group)} is a link that leads out of the app`)
  return real
}

function where(group: Group): string {
  return group.root === '.' ? 'the app' : `the folder ${group.root}`
}

function hook(kind: 'pre' | 'post', group: Group, dir: string): Step[] {
  const line = group.settings[kind]
  return line === undefined ? [] : [{ kind: 'run', title: `running build.${kind}: ${line}`, argv: ['/bin/sh', '-c', line], cwd: dir }]
}

function pathOf(plan: Plan, group: Group): string[] {
  return plan.path.map((folder) => (group.root === '.' ? folder : `${group.root}/${folder}`))
}

function assertCommands(manifest: Manifest, processes: Record<string, string>): void {
  const without = Object.entries(manifest.services).filter(([name, service]) => service.image === undefined && service.command === undefined && processes[name] === undefined)
  if (without.length === 0) return
  const names = without.map(([name]) => name)
  throw new AppError('invalid', `nothing says how to start ${names.join(', ')} (add a line "${names[0]}: <command>" to a Procfile, a start script to package.json, or services.${names[0]}.command to nightshift.yml)`)
}

async function packContext(job: BuildJob, group: Group, learned: { manifest: Manifest; manifestSource: string; builder: string; because: string }): Promise<Built> {
  const dir = await folderOf(job.top, group)
  await runSteps(hook('pre', group, dir), job.context)
  job.context.onStep('packing the context')
  const dockerfile = group.settings.dockerfile ?? 'Dockerfile'
  const ignore = parseDockerIgnore((await readSource(dir, '.dockerignore')) ?? '')
  const exclude = { ...ignore, leavesOut: (path: string) => path !== dockerfile && !dockerfile.startsWith(`${path}/`) && ignore.leavesOut(path) }
  const packed = await packSlug(dir, join(job.work, workFiles.context), { files: job.spec.files * 4, unpackedBytes: job.spec.unpackedBytes }, exclude)
  job.context.log.step(`packed the context: ${packed.files} files, ${formatSize(packed.bytes)}`)
  return { kind: 'dockerfile', ...learned, dockerfile, buildArgs: group.settings.env ?? {}, processes: await procfileProcesses(dir) }
}
