/** npm, pnpm and yarn: which one an app uses, and what to call. One that is not on the machine is run through npm, pinned. */
import { join } from 'node:path'
import { AppError } from '#base/errors.ts'
import { hasFile, readSource } from '#run/manifest/source.ts'
import type { Tools } from '../types.ts'

export type PackageManager = {
  name: string
  because: string
  lockFile: string | null
  env: Record<string, string>
  /** @param withDev  dev dependencies too */
  install(withDev: boolean): string[]
  run(script: string): string[]
  /** Leaves out dev dependencies; null: it cannot. */
  prune: string[] | null
}

/** What is run where package.json names no version ("packageManager"). */
const pinned = { pnpm: '9.15.9', yarn: '1.22.22' } as const
const quiet = { npm_config_fund: 'false', npm_config_audit: 'false', npm_config_update_notifier: 'false', npm_config_progress: 'false', CI: 'true' }

/** @param cache  where fetched packages are kept between builds */
export async function packageManager(dir: string, json: Record<string, unknown>, tools: Tools, cache: string): Promise<PackageManager> {
  const named = /^(npm|pnpm|yarn)@(\d[\w.-]*)/.exec(String(json['packageManager'] ?? ''))
  if ((await hasFile(dir, 'pnpm-lock.yaml')) || named?.[1] === 'pnpm') return pnpm(tools, cache, (await hasFile(dir, 'pnpm-lock.yaml')) ? 'pnpm-lock.yaml' : null, named?.[1] === 'pnpm' ? named[2] : undefined)
  if ((await hasFile(dir, 'yarn.lock')) || named?.[1] === 'yarn') return yarn(dir, tools, cache, (await hasFile(dir, 'yarn.lock')) ? 'yarn.lock' : null, named?.[1] === 'yarn' ? named[2] : undefined)
  for (const lock of ['package-lock.json', 'npm-shrinkwrap.json']) if (await hasFile(dir, lock)) return npm(tools, cache, lock)
  return npm(tools, cache, null)
}

function npmCommand(tools: Tools): string[] {
  if (tools.npm === null) throw new AppError('unavailable', "npm is not installed on this machine, or the build's user may not read it (install npm where everyone can: /usr/bin or /usr/local/bin)")
  return tools.npm
}

function npm(tools: Tools, cache: string, lockFile: string | null): PackageManager {
  const command = npmCommand(tools)
  return {
    name: 'npm',
    because: lockFile ?? 'there is no lock file: versions may differ from build to build',
    lockFile,
    env: { ...quiet, npm_config_cache: join(cache, 'npm') },
    install: (withDev) => [...command, lockFile === null ? 'install' : 'ci', ...(lockFile === null ? ['--no-save', '--no-package-lock'] : []), withDev ? '--include=dev' : '--omit=dev'],
    run: (script) => (script === 'start' ? ['npm', 'start'] : [...command, 'run', script]),
    prune: [...command, 'prune', '--omit=dev'],
  }
}

/** The program itself if it is there and no other version is asked for, else npm fetches and runs it. */
function program(name: 'pnpm' | 'yarn', version: string | undefined, tools: Tools): string[] {
  const own = tools.find(name)
  if (own !== null && version === undefined) return [own]
  return [...npmCommand(tools), 'exec', '--yes', `--package=${name}@${version ?? pinned[name]}`, '--', name]
}

function pnpm(tools: Tools, cache: string, lockFile: string | null, version: string | undefined): PackageManager {
  const command = program('pnpm', version, tools)
  return {
    name: 'pnpm',
    because: lockFile ?? 'package.json names it',
    lockFile,
    env: { ...quiet, npm_config_cache: join(cache, 'npm') },
    // Links into a store outside the app would not survive: copies do.
    install: (withDev) => [...command, 'install', `--store-dir=${join(cache, 'pnpm')}`, '--package-import-method=copy', ...(lockFile === null ? [] : ['--frozen-lockfile']), ...(withDev ? ['--prod=false'] : ['--prod'])],
    run: (script) => [...command, 'run', script],
    prune: [...command, 'prune', '--prod'],
  }
}

async function yarn(dir: string, tools: Tools, cache: string, lockFile: string | null, version: string | undefined): Promise<PackageManager> {
  const lock = lockFile === null ? '' : ((await readSource(dir, lockFile).catch(() => null)) ?? '')
  const berry = version === undefined ? lock.includes('__metadata:') : !version.startsWith('1.')
  if (!berry) {
    const command = program('yarn', version, tools)
    return {
      name: 'yarn',
      because: lockFile ?? 'package.json names it',
      lockFile,
      env: { ...quiet, npm_config_cache: join(cache, 'npm'), YARN_CACHE_FOLDER: join(cache, 'yarn') },
      install: (withDev) => [...command, 'install', '--non-interactive', ...(lockFile === null ? [] : ['--frozen-lockfile']), `--production=${withDev ? 'false' : 'true'}`],
      run: (script) => [...command, 'run', script],
      prune: [...command, 'install', '--non-interactive', '--frozen-lockfile', '--production=true', '--ignore-scripts', '--prefer-offline'],
    }
  }
  // Yarn 2 and later: from npm as @yarnpkg/cli-dist; packages go to node_modules, since Plug'n'Play needs a loader at every start.
  const command = [...npmCommand(tools), 'exec', '--yes', `--package=@yarnpkg/cli-dist@${version ?? '4.9.4'}`, '--', 'yarn']
  return {
    name: 'yarn',
    because: lockFile ?? 'package.json names it',
    lockFile,
    env: { ...quiet, npm_config_cache: join(cache, 'npm'), YARN_CACHE_FOLDER: join(cache, 'yarn'), YARN_NODE_LINKER: 'node-modules', YARN_ENABLE_TELEMETRY: '0', YARN_ENABLE_GLOBAL_CACHE: 'false' },
    install: () => [...command, 'install', ...(lockFile === null ? [] : ['--immutable'])],
    run: (script) => [...command, 'run', script],
    prune: null,
  }
}
