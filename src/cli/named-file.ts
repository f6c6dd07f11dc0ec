/** Files that somebody named on the command line; why one was not read is told in words of ours, with the name as it was given. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { messageOf } from '#base/errors.ts'
import type { Cli } from './context.ts'
import { UsageError } from './errors.ts'

const words: Readonly<Record<string, (file: string) => string>> = {
  ENOENT: (file) => `there is no file ${file}`,
  ENOTDIR: (file) => `there is no file ${file}`,
  EISDIR: (file) => `${file} is a folder, and a file is asked for`,
  EACCES: (file) => `you may not read ${file}`,
}

/** Throws `UsageError` when it cannot be read. */
export async function readNamed(cli: Cli, file: string): Promise<Buffer> {
  try {
    return await readFile(resolve(cli.io.cwd, file))
  } catch (error) {
    throw new UsageError(words[(error as NodeJS.ErrnoException).code ?? '']?.(file) ?? `cannot read ${file}: ${messageOf(error)}`)
  }
}

export const readNamedText = async (cli: Cli, file: string): Promise<string> => (await readNamed(cli, file)).toString('utf8')

/**
 * YAML or JSON that is a map, as `read` takes it. Throws `UsageError` with the name of the file, also for what `read` throws.
 * @param keys  what the map has, in words, and where that is described
 */
export async function readNamedMap<T>(cli: Cli, file: string, keys: string, read: (value: object) => T): Promise<T> {
  const text = await readNamedText(cli, file)
  const { parse } = await import('yaml')
  try {
    const value: unknown = parse(text)
    if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new UsageError(`it must be a map with ${keys}`)
    return read(value)
  } catch (error) {
    throw new UsageError(`${file}: ${messageOf(error).split('\n')[0]}`)
  }
}
