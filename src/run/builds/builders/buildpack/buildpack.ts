/**
 * The classic buildpack API: `bin/detect BUILD`, `bin/compile BUILD CACHE ENV_DIR`, `bin/release BUILD` (YAML with
 * default_process_types). The buildpack lies in the app: where build.buildpack says, or in .buildpack/, buildpack/, or the app itself.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { AppError, messageOf } from '#base/errors.ts'
import { parseYaml } from '#run/manifest/parse.ts'
import { hasFile } from '#run/manifest/source.ts'
import { procfileProcesses } from '../none/none.ts'
import type { BuildSettings, Builder, Step } from '../types.ts'

const run = promisify(execFile)
const places = ['.buildpack', 'buildpack', '.']

export const buildpackBuilder: Builder = {
  name: 'buildpack',
  async detect(dir, settings) {
    const found = await find(dir, settings)
    return found === null ? null : { because: settings.buildpack === undefined ? `there is ${join(found, 'bin/compile')}` : `build.buildpack says ${settings.buildpack}` }
  },
  async plan({ dir, settings, cache, env }) {
    const found = await find(dir, settings)
    if (found === null) throw new AppError('invalid', `there is no buildpack (looked for bin/detect and bin/compile in ${settings.buildpack ?? places.join(', ')})`)
    const bin = (name: string) => join(dir, found, 'bin', name)
    // Both outside the app, so that neither ends up in the slug. The variables are files, one each, as the API wants it.
    const envDir = join(cache, 'buildpack-env')
    const variables: Step[] = Object.entries(env).map(([name, value]) => ({ kind: 'write', path: join(envDir, name), content: value }))
    const steps: Step[] = [
      { kind: 'run', title: 'buildpack: detect', argv: [bin('detect'), dir], cwd: dir },
      { kind: 'remove', path: envDir },
      ...variables,
      { kind: 'write', path: join(cache, 'buildpack', '.keep'), content: '' },
      { kind: 'write', path: join(envDir, '.keep'), content: '' },
      { kind: 'run', title: 'buildpack: compile', argv: [bin('compile'), dir, join(cache, 'buildpack'), envDir], cwd: dir },
      { kind: 'remove', path: envDir },
    ]
    const procfile = await procfileProcesses(dir)
    return {
      runtime: 'buildpack',
      steps,
      processes: procfile,
      processesAfter: async () => (await hasFile(join(dir, found), 'bin/release') ? { ...(await releaseProcesses(bin('release'), dir)), ...procfile } : procfile),
      path: [],
    }
  },
}

async function find(dir: string, settings: BuildSettings): Promise<string | null> {
  for (const place of settings.buildpack === undefined ? places : [settings.buildpack]) if ((await hasFile(dir, join(place, 'bin/detect'))) && (await hasFile(dir, join(place, 'bin/compile')))) return place
  return null
}

async function releaseProcesses(program: string, dir: string): Promise<Record<string, string>> {
  let text: string
  try {
    text = (await run(program, [dir], { cwd: dir, timeout: 60_000, maxBuffer: 256 * 1024 })).stdout
  } catch (error) {
    throw new AppError('invalid', `buildpack: bin/release failed: ${messageOf(error)}`, { cause: error })
  }
  const { value } = parseYaml(text, 'the output of bin/release')
  const types = (value as { default_process_types?: unknown } | null)?.default_process_types
  if (types === undefined || types === null) return {}
  if (typeof types !== 'object') throw new AppError('invalid', 'buildpack: default_process_types of bin/release must be a map')
  return Object.fromEntries(Object.entries(types).filter((entry): entry is [string, string] => typeof entry[1] === 'string' && entry[0] !== 'release'))
}
