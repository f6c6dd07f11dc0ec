/** A Dockerfile, built by the container engine. The worker only packs the context; control asks the engine (image.ts). */
import { AppError } from '#base/errors.ts'
import { hasFile } from '#run/manifest/source.ts'
import { procfileProcesses } from '../none/none.ts'
import type { Builder } from '../types.ts'

export const dockerfileBuilder: Builder = {
  name: 'dockerfile',
  async detect(dir, settings) {
    const name = settings.dockerfile ?? 'Dockerfile'
    return (await hasFile(dir, name)) ? { because: `there is a ${name}` } : null
  },
  async plan({ dir, settings }) {
    const name = settings.dockerfile ?? 'Dockerfile'
    if (!(await hasFile(dir, name))) throw new AppError('invalid', `there is no ${name} to build from (add one, or set build.dockerfile)`)
    return { runtime: 'image', steps: [], processes: await procfileProcesses(dir), path: [] }
  },
}
