/** Every builder, in the order in which they are asked. Adding one = a folder, a line, and its name in the contract. */
import { AppError } from '#base/errors.ts'
import { buildpackBuilder } from './buildpack/buildpack.ts'
import { dockerfileBuilder } from './dockerfile/dockerfile.ts'
import { nodeBuilder } from './node/node.ts'
import { noneBuilder } from './none/none.ts'
import { pythonBuilder } from './python/python.ts'
import { staticBuilder } from './static/static.ts'
import type { Builder, BuildSettings } from './types.ts'

const builderTable: readonly Builder[] = [buildpackBuilder, dockerfileBuilder, nodeBuilder, pythonBuilder, staticBuilder, noneBuilder]

export type Choice = {
  builder: Builder
  because: string
  /** What else was looked at, for the log. */
  considered: string[]
}

/**
 * The builder of a folder: the explicit setting, else the first that fits.
 * @param options.containers  a container engine is there, so that a Dockerfile can be built
 */
export async function chooseBuilder(dir: string, settings: BuildSettings, options: { containers: boolean }): Promise<Choice> {
  const order = builderTable.map((builder) => builder.name)
  if (settings.builder !== 'auto') {
    const builder = builderTable.find((each) => each.name === settings.builder) as Builder
    if (builder.name === 'dockerfile' && !options.containers) throw new AppError('invalid', 'this app is built from a Dockerfile, which needs a container engine, and no machine here runs apps in containers (start Nightshift with --driver docker, where Docker is installed; or choose another build.builder)')
    return { builder, because: `build.builder says ${settings.builder}`, considered: [] }
  }
  const considered: string[] = []
  let dockerfileSkipped = false
  let chosen: { builder: Builder; because: string } | undefined
  for (const builder of builderTable) {
    const fits = await builder.detect(dir, settings)
    if (fits === null) considered.push(`${builder.name}: no`)
    else if (builder.name === 'dockerfile' && !options.containers) {
      dockerfileSkipped = true
      considered.push(`dockerfile: ${fits.because}, but no container engine answers here`)
    } else if (chosen === undefined) {
      chosen = { builder, because: fits.because }
      considered.push(`${builder.name}: yes, ${fits.because}`)
    } else if (builder.name !== 'none') considered.push(`${builder.name}: would fit too (${fits.because}); set build.builder to choose it`)
  }
  if (chosen === undefined) {
    const hint = dockerfileSkipped ? 'it has a Dockerfile, but no container engine answers on this machine: install Docker, or add a Procfile' : 'add a package.json, requirements.txt, index.html or Procfile, or set build.builder'
    throw new AppError('invalid', `no builder fits (asked in this order: ${order.join(', ')}); ${hint}`)
  }
  return { ...chosen, considered }
}
