/** Reading one file of an uploaded source: bounded, regular files only, and not through a link that leaves the folder. */
import { constants } from 'node:fs'
import { open, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { AppError } from '#base/errors.ts'

const maxBytes = 1024 * 1024

/** The text of a file, or null if there is none. Throws `invalid` for a file that cannot be read as text. */
export async function readSource(dir: string, name: string): Promise<string | null> {
  const path = await inside(dir, name)
  if (path === null) return null
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const { size } = await file.stat()
    if (size > maxBytes) throw new AppError('invalid', `${name} is larger than ${maxBytes / 1024} KB`)
    const buffer = Buffer.alloc(size)
    const { bytesRead } = await file.read(buffer, 0, size, 0)
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, bytesRead))
    } catch {
      throw new AppError('invalid', `${name} is not UTF-8 text`)
    }
  } finally {
    await file.close()
  }
}

export async function hasFile(dir: string, name: string): Promise<boolean> {
  return (await inside(dir, name)) !== null
}

export async function hasFolder(dir: string, name: string): Promise<boolean> {
  try {
    return (await stat(join(dir, name))).isDirectory()
  } catch {
    return false
  }
}

/** The JSON object in a file, or null if there is no such file. */
export async function readJson(dir: string, name: string): Promise<Record<string, unknown> | null> {
  const text = await readSource(dir, name)
  if (text === null) return null
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw new AppError('invalid', `${name} is not JSON: ${(error as Error).message}`, { cause: error })
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new AppError('invalid', `${name} must hold a JSON object`)
  return value as Record<string, unknown>
}

async function inside(dir: string, name: string): Promise<string | null> {
  try {
    const [top, path] = await Promise.all([realpath(dir), realpath(join(dir, name))])
    if (!path.startsWith(top + sep)) throw new AppError('invalid', `${name} is a link that leaves the app`)
    return (await stat(path)).isFile() ? path : null
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
    throw error
  }
}
